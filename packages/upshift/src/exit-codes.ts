import type { Finding, Severity } from "@upshift/findings";
import { isAtLeast } from "@upshift/findings";

export const EXIT_OK = 0;
const EXIT_FINDINGS = 1;
export const EXIT_COULD_NOT_RUN = 2;
/** 128 + SIGINT, as shells report it. */
export const EXIT_INTERRUPTED = 130;

export type FailOn = Severity | "never";

/** 1 when a finding is at or above `failOn`, else 0. */
export function exitCodeFor(findings: readonly Finding[], failOn: FailOn): number {
  const counts = findings.some(({ severity }) => failOn !== "never" && isAtLeast(severity, failOn));
  return counts ? EXIT_FINDINGS : EXIT_OK;
}

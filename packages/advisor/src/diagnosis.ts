import type { Finding } from "@upshift/findings";
import type { Advice } from "./advice.ts";
import type { Limitation } from "./twin/limitation.ts";

/** Everything that was found out about a database. */
export interface Diagnosis {
  /** The worst first: by severity, then by what the fix saves of the workload. Each once. */
  readonly findings: readonly Finding[];
  readonly advice: Advice;
  /** What the twin could not take over from the snapshot. */
  readonly limitations: readonly Limitation[];
  /** What could not be done, and why; each a sentence for a person. */
  readonly notes: readonly string[];
}

import type { Finding } from "@upshift/findings";
import { severityMark, wrapText } from "@upshift/findings/terminal";
import type { Screen } from "../output/screen.ts";

const SHOWN = 5;

/** The worst of today's plans, a line or two each: something to read while indexes are tried. */
export function renderFirstLook(findings: readonly Finding[], screen: Screen): string {
  const left = findings.length - SHOWN;
  return [
    screen.palette.strong("First look"),
    ...findings.slice(0, SHOWN).flatMap((finding) => {
      const mark = severityMark(finding.severity, screen.unicode);
      return wrapText(`${mark} ${finding.title}`, screen.width - 2).map((line) => `  ${line}`);
    }),
    ...(left > 0 ? [screen.palette.faint(`  … and ${left} more`)] : []),
    screen.palette.faint("Trying indexes against the whole workload …"),
  ].join("\n");
}

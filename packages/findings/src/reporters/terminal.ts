import type { Finding } from "../finding.ts";
import { rankFindings } from "../ranking.ts";
import { renderFinding, type TerminalOptions } from "./render-finding.ts";

/** Findings, the most pressing first, with an empty line between two; `""` when there are none. */
export function renderFindings(findings: readonly Finding[], options: TerminalOptions): string {
  return rankFindings(findings)
    .map((finding) => renderFinding(finding, options))
    .join("\n\n");
}

export {
  counted,
  formatAmount,
  formatBytes,
  formatCount,
  formatMs,
  formatRatio,
} from "./amounts.ts";
export { displayWidth } from "./display-width.ts";
export { isUnsafe, neutralise, neutraliseLines } from "./neutralise.ts";
export { type Paint, type Palette, paletteFor, severityMark } from "./palette.ts";
export { renderFinding, type TerminalOptions } from "./render-finding.ts";
export { safeSql } from "./safe-sql.ts";
export { wrapSql } from "./wrap-sql.ts";
export { wrapText } from "./wrap-text.ts";

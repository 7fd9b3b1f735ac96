import type { HiddenFact } from "@upshift/advisor";
import type { Finding } from "@upshift/findings";
import { counted, renderFinding, wrapSql, wrapText } from "@upshift/findings/terminal";
import type { Screen } from "../output/screen.ts";
import { countByRule, isAnswered } from "./answered-findings.ts";
import type { DatabaseReport, SkippedText } from "./database-report.ts";
import { renderIndexes } from "./render-indexes.ts";
import { shortQuery } from "./short-query.ts";

export interface RenderReportOptions {
  /** Show only the first so many findings, those that are on the screen already counted. */
  readonly top: number;
  /** Keys of findings that are on the screen already. */
  readonly shown?: ReadonlySet<string> | undefined;
  /** The command that would print the same as SQL. */
  readonly sqlCommand: string;
}

const SKIPPED_SHOWN = 10;
const NOTES_SHOWN = 10;

/** A report below its header, for a person: findings, indexes, what it was worth, what was not seen, what to do next. */
export function renderReport(
  report: DatabaseReport,
  screen: Screen,
  options: RenderReportOptions,
): string {
  const shown = options.shown ?? new Set();
  const answered = report.findings.filter(isAnswered);
  const unseen = report.findings.filter(
    (finding) => !shown.has(finding.key) && !isAnswered(finding),
  );
  const room = Math.max(0, options.top - shown.size);
  const findings = unseen.slice(0, room);
  const left = unseen.length - findings.length;
  const visible = report.findings.filter(({ key }) => shown.has(key)).concat(findings);
  return [
    report.findings.length === 0 ? "No findings." : null,
    ...findings.map((finding) => renderFinding(finding, screen)),
    left === 0
      ? null
      : screen.palette.faint(
          `… and ${left} more; --top ${report.findings.length - answered.length} shows them.`,
        ),
    renderAnswered(answered, screen),
    renderIndexes(report, visible, screen),
    renderHidden(report.hidden, screen),
    renderSkipped(report.skipped, screen),
    renderNotes(
      [...report.notes, ...report.limitations.map(({ object, reason }) => `${object}: ${reason}.`)],
      screen,
    ),
    closingLine(report, screen, options.sqlCommand),
  ]
    .filter((part) => part !== null)
    .join("\n\n");
}

function renderAnswered(answered: readonly Finding[], screen: Screen): string | null {
  if (answered.length === 0) return null;
  const what = answered.length === 1 ? "1 plan gets better" : `${answered.length} plans get better`;
  const text = `${what} with the indexes below (${countByRule(answered)}); --json has each.`;
  return wrapText(text, screen.width).map(screen.palette.faint).join("\n");
}

function renderHidden(hidden: readonly HiddenFact[], screen: Screen): string | null {
  if (hidden.length === 0) return null;
  return [
    screen.palette.strong("Not seen"),
    ...hidden.flatMap(({ object, reason, grant }) => [
      ...wrapText(
        object === null || reason.includes(object) ? reason : `${object}: ${reason}`,
        screen.width - 2,
      ).map((line) => `  ${line}`),
      ...(grant === null
        ? []
        : wrapSql(grant, screen.width - 4).map((line) => `    ${screen.palette.sql(line)}`)),
    ]),
  ].join("\n");
}

function renderSkipped(skipped: readonly SkippedText[], screen: Screen): string | null {
  if (skipped.length === 0) return null;
  const left = skipped.length - SKIPPED_SHOWN;
  return [
    screen.palette.strong(`${counted(skipped.length, "statement")} skipped`),
    ...skipped
      .slice(0, SKIPPED_SHOWN)
      .flatMap(({ query, reason }) =>
        wrapText(`${shortQuery(query)}: ${reason}`, screen.width - 2).map((line) => `  ${line}`),
      ),
    ...(left > 0 ? [`  … and ${left} more; --json lists all`] : []),
  ].join("\n");
}

function renderNotes(notes: readonly string[], screen: Screen): string | null {
  if (notes.length === 0) return null;
  const left = notes.length - NOTES_SHOWN;
  return [
    ...notes.slice(0, NOTES_SHOWN).flatMap((note) => wrapText(`Note: ${note}`, screen.width)),
    ...(left > 0 ? [`… and ${left} more notes; --json lists all`] : []),
  ].join("\n");
}

function closingLine(report: DatabaseReport, screen: Screen, command: string): string | null {
  const fixes = report.findings.filter(({ fix }) => fix.sql !== undefined).length;
  if (fixes === 0 && report.indexes.length === 0) return null;
  return wrapText(`Next: ${command}`, screen.width).join("\n");
}

import type { AdvisedIndex, HiddenFact } from "@upshift/advisor";
import {
  counted,
  formatBytes,
  formatCount,
  formatRatio,
  renderFinding,
  wrapSql,
  wrapText,
} from "@upshift/findings/terminal";
import type { Screen } from "../output/screen.ts";
import type { DatabaseReport, SkippedText } from "./database-report.ts";

export interface RenderReportOptions {
  /** Show only the first so many findings. */
  readonly top?: number | undefined;
  /** The command that would print the same as SQL. */
  readonly sqlCommand: string;
}

/** The queries of an index that are worth a line each. */
const QUERIES_SHOWN = 5;
const SKIPPED_SHOWN = 10;

/** A report below its header, for a person: findings, indexes, what it was worth, what was not seen, what to do next. */
export function renderReport(
  report: DatabaseReport,
  screen: Screen,
  options: RenderReportOptions,
): string {
  const findings = report.findings.slice(0, options.top ?? report.findings.length);
  const left = report.findings.length - findings.length;
  return [
    findings.length === 0 && left === 0 ? "No findings." : null,
    ...findings.map((finding) => renderFinding(finding, screen)),
    left === 0 ? null : screen.palette.faint(`… and ${left} more; without --top all are shown.`),
    renderIndexes(report, screen),
    renderHidden(report.hidden, screen),
    renderSkipped(report.skipped, screen),
    closingLine(report, screen, options.sqlCommand),
  ]
    .filter((part) => part !== null)
    .join("\n\n");
}

function renderIndexes(report: DatabaseReport, screen: Screen): string | null {
  const { indexes, workload } = report;
  if (indexes.length === 0) return null;
  const { costBefore, costAfter } = workload;
  const worth =
    costBefore === null || costAfter === null || costBefore === 0
      ? ""
      : ` The workload goes from ${formatCount(costBefore)} to ${formatCount(costAfter)} cost units, ${formatRatio(1 - costAfter / costBefore)} less.`;
  const sizeBytes = indexes.reduce((sum, index) => sum + index.sizeBytes, 0);
  const title = `${counted(indexes.length, "index").replace(/indexs$/, "indexes")} to create, ${formatBytes(sizeBytes)} together.${worth}`;
  return [
    wrapText(title, screen.width).map(screen.palette.strong).join("\n"),
    ...indexes.map((index) => renderIndex(index, screen)),
  ].join("\n\n");
}

function renderIndex(index: AdvisedIndex, screen: Screen): string {
  const columns = screen.width - 4;
  const facts = [
    formatBytes(index.sizeBytes),
    `saves ${formatRatio(index.gainRatio)} of the workload's cost`,
    index.confidence === "hint" ? "a hint: statistics are hidden" : "verified by re-planning",
  ];
  const queries = index.queries
    .slice(0, QUERIES_SHOWN)
    .flatMap(({ query, costBefore, costAfter }) =>
      hanging(`${formatCount(costBefore)} → ${formatCount(costAfter)}`, shortened(query), screen),
    );
  const left = index.queries.length - QUERIES_SHOWN;
  return [
    ...wrapSql(index.ddl, screen.width - 2).map((line) => `  ${screen.palette.sql(line)}`),
    ...wrapText(facts.join(" · "), columns).map((line) => `    ${screen.palette.good(line)}`),
    ...queries,
    ...(left > 0 ? [`    … and ${left} more`] : []),
  ].join("\n");
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
        wrapText(`${shortened(query)}: ${reason}`, screen.width - 2).map((line) => `  ${line}`),
      ),
    ...(left > 0 ? [`  … and ${left} more; --json lists all`] : []),
  ].join("\n");
}

function closingLine(report: DatabaseReport, screen: Screen, command: string): string | null {
  const fixes = report.findings.filter(({ fix }) => fix.sql !== undefined).length;
  if (fixes === 0 && report.indexes.length === 0) return null;
  return wrapText(`Next: ${command}`, screen.width).join("\n");
}

function hanging(label: string, text: string, screen: Screen): readonly string[] {
  const indent = "    ";
  const lines = wrapText(`${label} · ${text}`, screen.width - indent.length - 2);
  return lines.map(
    (line, index) => (index === 0 ? indent : `${indent}  `) + screen.palette.faint(line),
  );
}

const LONGEST_QUERY = 200;

function shortened(query: string): string {
  const line = query
    .slice(0, LONGEST_QUERY * 4)
    .replaceAll(/\s+/g, " ")
    .trim();
  return line.length > LONGEST_QUERY ? `${line.slice(0, LONGEST_QUERY)}…` : line;
}

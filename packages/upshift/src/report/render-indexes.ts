import type { AdvisedIndex } from "@upshift/advisor";
import type { Finding } from "@upshift/findings";
import {
  counted,
  formatBytes,
  formatCount,
  formatRatio,
  wrapSql,
  wrapText,
} from "@upshift/findings/terminal";
import type { Screen } from "../output/screen.ts";
import { type DatabaseReport, isCarried } from "./database-report.ts";
import { shortQuery } from "./short-query.ts";

/** The queries of an index that are worth a line each. */
const QUERIES_SHOWN = 5;

/**
 * The indexes to create, each ready to copy, and what they are worth together; `null` when there are none.
 *
 * @param shown - findings that stand above: an index that one of them carries is not explained again
 */
export function renderIndexes(
  report: DatabaseReport,
  shown: readonly Finding[],
  screen: Screen,
): string | null {
  const { indexes, workload } = report;
  if (indexes.length === 0) return null;
  const { costBefore, costAfter } = workload;
  const worth =
    costBefore === null || costAfter === null || costBefore === 0
      ? ""
      : ` The workload goes from ${formatCount(costBefore)} to ${formatCount(costAfter)} cost units, ${formatRatio(1 - costAfter / costBefore)} less.`;
  const sizeBytes = indexes.reduce((sum, index) => sum + index.sizeBytes, 0);
  const title = `${counted(indexes.length, "index").replace(/indexs$/, "indexes")} to create, ${formatBytes(sizeBytes)} together.${worth}`;
  const common = commonCautions(indexes);
  return [
    wrapText(title, screen.width).map(screen.palette.strong).join("\n"),
    ...indexes.map((index) =>
      [
        renderIndex(index, screen),
        // A finding above has told already why and what to mind.
        ...(isCarried(index, shown) ? [] : indexDetails(index, common, screen)),
      ].join("\n"),
    ),
    ...[...common].map((caution) => wrapText(`Mind: ${caution}`, screen.width).join("\n")),
  ].join("\n\n");
}

/** What is to be minded with several of them is said once, below. */
function commonCautions(indexes: readonly AdvisedIndex[]): ReadonlySet<string> {
  const seen = new Set<string>();
  const common = new Set<string>();
  for (const { cautions } of indexes) {
    for (const caution of cautions) (seen.has(caution) ? common : seen).add(caution);
  }
  return common;
}

function renderIndex(index: AdvisedIndex, screen: Screen): string {
  const columns = screen.width - 4;
  const facts = [
    formatBytes(index.sizeBytes),
    `saves ${formatRatio(index.gainRatio)} of what the others leave`,
    index.queries.length === 1 ? "1 query uses it" : `${index.queries.length} queries use it`,
    index.confidence === "hint" ? "a hint" : "verified by re-planning",
  ];
  return [
    ...wrapSql(index.ddl, screen.width - 2).map((line) => `  ${screen.palette.sql(line)}`),
    ...wrapText(facts.join(" · "), columns).map((line) => `    ${screen.palette.good(line)}`),
  ].join("\n");
}

function indexDetails(
  index: AdvisedIndex,
  common: ReadonlySet<string>,
  screen: Screen,
): readonly string[] {
  const queries = index.queries
    .slice(0, QUERIES_SHOWN)
    .flatMap(({ query, costBefore, costAfter }) =>
      hanging(`${formatCount(costBefore)} → ${formatCount(costAfter)}`, shortQuery(query), screen),
    );
  const left = index.queries.length - QUERIES_SHOWN;
  return [
    ...index.cautions
      .filter((caution) => !common.has(caution))
      .flatMap((caution) => prose(`mind: ${caution}`, screen)),
    ...index.replaces.flatMap(({ schema, name }) =>
      prose(`makes ${schema}.${name} needless`, screen),
    ),
    ...queries,
    ...(left > 0 ? [`    … and ${left} more`] : []),
  ];
}

function hanging(label: string, text: string, screen: Screen): readonly string[] {
  const indent = "    ";
  const lines = wrapText(`${label} · ${text}`, screen.width - indent.length - 2);
  return lines.map(
    (line, index) => (index === 0 ? indent : `${indent}  `) + screen.palette.faint(line),
  );
}

function prose(text: string, screen: Screen): readonly string[] {
  return wrapText(text, screen.width - 4).map((line) => `    ${line}`);
}

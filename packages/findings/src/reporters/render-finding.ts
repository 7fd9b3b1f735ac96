import type { Amount, Finding, FindingPlace } from "../finding.ts";
import { formatAmount, formatRatio } from "./amounts.ts";
import { cutToWidth, displayWidth } from "./display-width.ts";
import { evidenceText } from "./evidence-text.ts";
import { neutraliseLines } from "./neutralise.ts";
import { type Paint, type Palette, paletteFor, severityMark } from "./palette.ts";
import { wrapSql } from "./wrap-sql.ts";
import { wrapText } from "./wrap-text.ts";

export interface TerminalOptions {
  /** Columns; less than 40 is treated as 40. */
  readonly width: number;
  readonly colour: boolean;
  /** Marks outside of ASCII; default `true`. */
  readonly unicode?: boolean;
}

const NARROWEST = 40;
/** Of label and gap: the longest label is `evidence`. */
const LABEL_COLUMNS = 10;
const INDENT = "  ";
/** A query names the finding; a machine-made one of a megabyte must not push the fix off the screen. */
const QUERY_LINES = 6;

/**
 * A finding for a terminal, without a line break at its end.
 *
 * No line is wider than `width`, except where one SQL token is. Nothing in the finding can act on the terminal.
 */
export function renderFinding(finding: Finding, options: TerminalOptions): string {
  const width = Math.max(NARROWEST, options.width);
  const palette = paletteFor(options.colour);
  const { fix } = finding;
  return [
    ...titleLines(finding, width, options.unicode ?? true, palette),
    ...prose("rule", ruleText(finding), width, palette.faint),
    ...queryLines(finding.where, width, palette),
    ...finding.evidence.flatMap((evidence, index) => [
      ...prose(index === 0 ? "evidence" : "", evidenceText(evidence), width),
      ...(evidence.kind === "sql" ? sqlBlock("", unfolded(evidence.sql), width, palette.sql) : []),
    ]),
    ...prose("cost", formatAmount(finding.cost), width),
    ...prose("saving", savingText(finding), width, palette.good),
    ...prose("verified", verifiedText(finding), width),
    ...prose("fix", fix.title, width, palette.strong),
    ...sqlBlock("", fix.sql, width, palette.sql),
    ...plainBlock("diff", fix.diff, width),
    ...prose("use", fix.part ?? null, width),
    ...prose("mind", fix.caution ?? null, width),
    ...sqlBlock("undo", fix.undo, width, palette.faint),
  ].join("\n");
}

/** A query's own line breaks waste the screen; with a comment in it they are part of its meaning. */
function unfolded(sql: string): string {
  return sql.includes("--") ? sql : sql.replaceAll(/\s*\n\s*/g, " ");
}

function titleLines(
  finding: Finding,
  width: number,
  unicode: boolean,
  palette: Palette,
): readonly string[] {
  const head = `${severityMark(finding.severity, unicode)} ${finding.severity}`;
  const [first = "", ...rest] = wrapText(finding.title, width - displayWidth(head) - 1);
  const indent = " ".repeat(displayWidth(head) + 1);
  return [
    `${palette.severity[finding.severity](head)} ${palette.strong(first)}`,
    ...rest.map((line) => indent + palette.strong(line)),
  ];
}

function ruleText({ rule, where, confidence }: Finding): string {
  const frame = where.file;
  const places = [
    frame === undefined ? null : `${frame.file}:${frame.line}:${frame.column}`,
    frame?.function ?? null,
    where.route ?? null,
    where.table ?? null,
  ].filter((place) => place !== null);
  return [rule, ...places, confidence].join(" · ");
}

function savingText({ saving, cost }: Finding): string | null {
  const amount = formatAmount(saving);
  if (amount === null) return null;
  const share = shareOf(saving, cost);
  const basis = { measured: "measured", planner: "by the planner", projected: "projected" };
  return `${amount}${share === null ? "" : ` (${formatRatio(share)})`}, ${basis[saving.basis]}`;
}

function shareOf(saving: Amount, cost: Amount): number | null {
  for (const unit of ["ms", "planCost", "roundTrips", "bytes"] as const) {
    const [saved, whole] = [saving[unit], cost[unit]];
    if (saved !== undefined && whole !== undefined && whole > 0) return saved / whole;
  }
  return null;
}

function verifiedText({ verified, confidence }: Finding): string | null {
  if (verified === undefined) {
    return confidence === "hint" ? "not verified: a hint, it rests on defaults or estimates" : null;
  }
  const how = {
    twin: "re-planned in the twin",
    branch: "measured on a branch",
    production: "measured in production",
  }[verified.how];
  const before = formatAmount(verified.before);
  const after = formatAmount(verified.after);
  return before === null || after === null ? how : `${how}: ${before} before, ${after} after`;
}

function queryLines(where: FindingPlace, width: number, palette: Palette): readonly string[] {
  if (where.query === undefined) return [];
  const columns = width - INDENT.length - LABEL_COLUMNS;
  const longest = columns * QUERY_LINES;
  // A query for reading, so on one run of lines and cut in the middle of a token where it must be.
  const lines = wrapText(where.query.slice(0, longest * 2), columns);
  const isCut = lines.length > QUERY_LINES || where.query.length > longest * 2;
  const shown = isCut
    ? [
        ...lines.slice(0, QUERY_LINES - 1),
        ...wrapText(`… (${where.query.length} characters)`, columns),
      ]
    : lines;
  return labelled("query", shown, palette.sql);
}

/** Lines of text beside a label, `[]` for `null`. */
function prose(
  label: string,
  text: string | null,
  width: number,
  paint: Paint = (line) => line,
): readonly string[] {
  if (text === null) return [];
  return labelled(label, wrapText(text, width - INDENT.length - LABEL_COLUMNS), paint);
}

function sqlBlock(
  label: string,
  sql: string | undefined,
  width: number,
  paint: Paint,
): readonly string[] {
  if (sql === undefined || sql.trim() === "") return [];
  return labelled(label, wrapSql(sql, width - INDENT.length - LABEL_COLUMNS), paint);
}

/** Lines that must stay as they are, such as a diff: cut where they are wider than the terminal. */
function plainBlock(label: string, text: string | undefined, width: number): readonly string[] {
  if (text === undefined) return [];
  const columns = width - INDENT.length - LABEL_COLUMNS;
  const lines = neutraliseLines(text)
    .split("\n")
    .flatMap((line) => (line === "" ? [""] : cutToWidth(line, columns)));
  return labelled(label, lines, (line) => line);
}

function labelled(label: string, lines: readonly string[], paint: Paint): readonly string[] {
  return lines.map((line, index) =>
    (INDENT + (index === 0 ? label : "").padEnd(LABEL_COLUMNS) + paint(line)).trimEnd(),
  );
}

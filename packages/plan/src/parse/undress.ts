import { stripFrame } from "./psql-frame.ts";

/**
 * Takes a text out of what it was pasted with: line ends of Windows, blanks of web pages, tabs, code fences, line numbers, the
 * frames of psql and DBeaver, quotes of pgAdmin and CSV.
 *
 * @returns lines with the plan's own indentation
 */
export function undress(text: string): readonly string[] {
  const lines = stripMargin(decodeEntities(text).split("\n"))
    // A tab is 4 columns: editors that turn indentation into tabs turn each 4 blanks into one.
    .map((line) => cleanLine(line.replaceAll("\t", "    ")))
    // Fences of code, and the brackets round printed rows: no line of a plan is either.
    .filter((line) => !/^\s*(?:```|~~~|[\]})][\]}),; ]{0,4}$)/.test(line));
  return stripQuotes(stripFrame(stripLineNumbers(stripQuotes(stripLogFields(lines)))));
}

/** What a text may hold once a frame, quotes round each line, or both are taken off; each to be tried in turn. */
export function undressJson(text: string): readonly string[] {
  const lines = text.split("\n");
  return [stripFrame(lines), stripQuotes(lines), stripFrame(stripQuotes(lines))].map((tried) =>
    tried.join("\n"),
  );
}

/** One spelling of line ends and blanks, for both formats. */
export function normalizeBlanks(text: string): string {
  return (
    text
      .replaceAll(/\r\n?/g, "\n")
      .replaceAll(/[\u00A0\u2003\u2007\u202F]/g, " ")
      .replaceAll(/[\uFEFF\u200B\u2028]/g, "")
      // Colours of a terminal.
      .replaceAll(COLOUR, "")
  );
}

const COLOUR = new RegExp(`${String.fromCodePoint(27)}\\[[\\d;]{0,20}[A-Za-z]`, "g");

/** What a program prints for each row of a driver: `{ 'QUERY PLAN': 'Seq Scan on t' },`, `('Seq Scan on t',)`. */
const PRINTED_ROW =
  /^(?:\[ ?)?(?:\{ ?['"]?QUERY PLAN['"]?: ?|\()(['"`])(.*)\1 ?,? ?[)}][\],}; ]{0,4}$/;

/** Arrows that an editor made of `->`. */
const ARROW = /^(\s*)(?:[→⇒➔]|[–—−]>)\s*(?=[A-Z])/;

function cleanLine(line: string): string {
  const start = line.trimStart();
  const isRow = start.startsWith("(") || start.startsWith("{") || start.startsWith("[");
  const [, quote, printed] = (isRow ? PRINTED_ROW.exec(start.trimEnd()) : null) ?? [];
  const content = printed === undefined ? line : printed.replaceAll(`\\${quote}`, quote ?? "");
  return content.replace(ARROW, "$1->  ");
}

/** `> Seq Scan` of a mail or of Markdown; `db-1  | Seq Scan` of docker compose. */
const MARGINS: readonly RegExp[] = [/^\s{0,3}> ?/, /^[A-Za-z][\w.-]{0,60} {0,30}\| ?/];

function stripMargin(lines: readonly string[]): readonly string[] {
  const written = lines.filter((line) => line.trim() !== "");
  const margin = MARGINS.find(
    (mark) => written.filter((line) => mark.test(line)).length * 5 >= written.length * 3,
  );
  if (margin === undefined || written.length === 0) return lines;
  return lines.map((line) => line.replace(margin, ""));
}

/** A csvlog's message is a quoted field that begins in the middle of a line and ends many lines later. */
function stripLogFields(lines: readonly string[]): readonly string[] {
  let isOpen = false;
  return lines.map((line) => {
    if (!isOpen) {
      isOpen = /,"duration: [\d.]+ ms\s+plan:\s*$/.test(line.slice(-80));
      return line;
    }
    const end = closingQuote(line);
    isOpen = end === -1;
    return (isOpen ? line : line.slice(0, end)).replaceAll('""', '"');
  });
}

function decodeEntities(text: string): string {
  // Where arrows are arrows, an entity is part of a literal.
  if (text.includes("->") || !/&(?:gt|lt|quot);/.test(text)) return text;
  return text
    .replaceAll("&gt;", ">")
    .replaceAll("&lt;", "<")
    .replaceAll("&quot;", '"')
    .replaceAll("&#39;", "'")
    .replaceAll("&amp;", "&");
}

/** `"Seq Scan on ""T"""` -> `Seq Scan on "T"`; no line of a plan begins with a quote itself. A quote may also span many lines. */
function stripQuotes(lines: readonly string[]): readonly string[] {
  if (!lines.some((line) => isQuoted(line))) return lines;
  let isOpen = false;
  return lines.map((line) => {
    if (!isOpen && !isQuoted(line)) return line;
    const content = isOpen ? line : line.trimStart().slice(1);
    const end = closingQuote(content);
    // A quote in the middle: the line is no field of CSV.
    if (end !== -1 && !/^"[,;+]?\s*$/.test(content.slice(end, end + 10))) {
      isOpen = false;
      return line;
    }
    isOpen = end === -1;
    return (end === -1 ? content : content.slice(0, end)).replaceAll('""', '"');
  });
}

/** The first quote that is not doubled; -1 when there is none. */
function closingQuote(text: string): number {
  let at = text.indexOf('"');
  while (at !== -1 && text.charAt(at + 1) === '"') at = text.indexOf('"', at + 2);
  return at;
}

function isQuoted(line: string): boolean {
  return /^\s*"/.test(line);
}

/** `1  Seq Scan`, `2:   Filter`: numbers that count the lines up, as editors and tickets show them. */
function stripLineNumbers(lines: readonly string[]): readonly string[] {
  let expected: number | null = null;
  let counted = 0;
  let written = 0;
  for (const line of lines) {
    if (line.trim() === "") continue;
    written += 1;
    const number = NUMBERED.exec(line)?.[1];
    if (number === undefined) continue;
    if (expected === null || Number(number) === expected) counted += 1;
    expected = Number(number) + 1;
  }
  if (counted < 2 || counted * 5 < written * 4) return lines;
  return lines.map((line) => line.replace(NUMBERED, ""));
}

const NUMBERED = /^\s*(\d+)(?:[:.|)│]| (?=\S| )|$)/;

import type { DocumentOptions, StreamDocument } from "./stream-format.ts";

/** CSV as RFC 4180 has it: CRLF, quotes where they are needed. */
export function csvLines({ columns, header, formulaGuard }: DocumentOptions): StreamDocument {
  let names: readonly string[] = columns ?? [];
  const line = (cells: readonly unknown[]): string =>
    `${cells.map((cell) => toCell(cell, formulaGuard)).join(",")}\r\n`;
  return {
    start(first) {
      if (columns === undefined) names = namesOf(first);
      return header && names.length > 0 ? line(names) : "";
    },
    value: (value) => line(Array.isArray(value) ? value : names.map((name) => own(value, name))),
    end: () => "",
  };
}

/** An array has its cells in order and names of nothing. */
function namesOf(first: unknown): readonly string[] {
  return typeof first === "object" && first !== null && !Array.isArray(first)
    ? Object.keys(first)
    : [];
}

function own(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
  return Reflect.get(value, name);
}

function toCell(value: unknown, isGuarded: boolean): string {
  if (value === undefined || value === null) return "";
  if (typeof value === "number" || typeof value === "boolean" || typeof value === "bigint") {
    return String(value);
  }
  const text = toText(value);
  const guarded = isGuarded && isFormula(text) ? `'${text}` : text;
  return NEEDS_QUOTES.test(guarded) ? `"${guarded.replaceAll('"', '""')}"` : guarded;
}

/** As `JSON.stringify` writes it, without its quotes: a Date is ISO 8601. */
function toText(value: unknown): string {
  if (typeof value === "string") return value;
  const text: string | undefined = JSON.stringify(value);
  if (text === undefined) return "";
  const plain: unknown = JSON.parse(text);
  // Of a Date that is none, for one.
  if (plain === null) return "";
  return typeof plain === "string" ? plain : text;
}

/** Spaces at the edges are kept by readers only inside of quotes. */
const NEEDS_QUOTES = /[",\r\n]|^\s|\s$/;

/** Source: https://owasp.org/www-community/attacks/CSV_Injection; the full-width forms are what spreadsheets read as the others. */
const FORMULA = /^[\s"']*[=+\-@＝＋－＠]|^[\t\r\n]/u;

/** A number is no formula, and of no use any more with a quote before it. */
const NUMBER = /^[+-]?\d[\d,.]*(?:e[+-]?\d+)?$/i;

function isFormula(text: string): boolean {
  return FORMULA.test(text) && !NUMBER.test(text);
}

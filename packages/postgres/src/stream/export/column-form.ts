import textParsers from "pg-types/lib/textParsers.js";

/** Makes a value of the text that PostgreSQL prints. */
export type TextParser = (text: string) => unknown;

/** Decides how values are read, as pg's `types` does: `pg.types`, or the `types` of a client. */
export interface TypeParsers {
  getTypeParser(typeOid: number, format: "text"): TextParser;
}

/**
 * How the text of a column becomes JSON, or a CSV cell of the same meaning.
 *
 * - `text`: a string
 * - `digits`, `quoted digits`: a number that is written as it is, or as a string for its size; its text needs no escapes
 * - `boolean`: from `t` and `f`
 * - `float`: a number in JavaScript's form, `null` when it is not finite
 * - `instant`: a time with an offset, as ISO 8601 in UTC with milliseconds
 * - `json`: as it is; in JSON without the white space between its tokens
 * - otherwise what a parser makes of it
 */
export type ColumnForm =
  | "text"
  | "digits"
  | "quoted digits"
  | "boolean"
  | "float"
  | "instant"
  | "json"
  | TextParser;

/** Types whose text is turned into JSON byte by byte. Each does what pg's parser and `JSON.stringify` do; a test compares them. */
const FORMS: ReadonlyMap<number, ColumnForm> = new Map<number, ColumnForm>([
  [16, "boolean"],
  [20, "quoted digits"],
  [21, "digits"],
  [23, "digits"],
  [26, "digits"],
  [114, "json"],
  [700, "float"],
  [701, "float"],
  [1184, "instant"],
  [1700, "quoted digits"],
  [3802, "json"],
]);

/** Types without an offset: pg takes them for local time of this process. */
const LOCAL_TIMES = [1082, 1114];

/** `date` and `timestamp` are instants when the local time of this process is UTC, which spares their parser. */
function isLocalTimeUtc(): boolean {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone === "UTC";
}

const PARSERS: ReadonlyMap<number, TextParser> = readParsers();

function readParsers(): Map<number, TextParser> {
  const parsers = new Map<number, TextParser>();
  textParsers.init((typeOid, parse) => parsers.set(typeOid, parse));
  return parsers;
}

/** The forms of pg's default parsing. */
export function defaultForms(): (typeOid: number) => ColumnForm {
  const local = isLocalTimeUtc() ? LOCAL_TIMES : [];
  return (typeOid) =>
    FORMS.get(typeOid) ?? (local.includes(typeOid) ? "instant" : (PARSERS.get(typeOid) ?? "text"));
}

/** The forms of parsers that the caller has chosen. */
export function parsedForms(parsers: TypeParsers): (typeOid: number) => ColumnForm {
  return (typeOid) => parsers.getTypeParser(typeOid, "text");
}

/** JSON of what a parser makes of a text. */
export function parsedJson(parse: TextParser, text: string): string {
  return JSON.stringify(parse(text)) ?? "null";
}

/** JSON of a `date`, `timestamp` or `timestamptz` in any form that PostgreSQL prints. */
export function timeJson(text: string): string {
  const parse = PARSERS.get(1184);
  return parse === undefined ? "null" : parsedJson(parse, text);
}

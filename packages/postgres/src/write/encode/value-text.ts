import type { ColumnType } from "../../catalog/table-facts.ts";
import { dateText } from "./date-text.ts";

/**
 * Writes a value, never `null` or `undefined`, as the text that PostgreSQL reads for its type.
 *
 * @throws {TypeError} when there is no such text; the message goes on from "column x …" and shows no value
 */
export type ValueText = (value: unknown) => string;

/** How values of this type are written. */
export function valueTextOf(type: ColumnType): ValueText {
  if (!type.isBaseArray) return scalarText(type.baseName);
  const { baseName, delimiter } = type.element ?? { baseName: "text", delimiter: "," };
  const element = scalarText(baseName);
  // An array is a value of a JSON element; everywhere else it is one more dimension.
  const isNested = baseName !== "json" && baseName !== "jsonb";
  return (value) => {
    const items = itemsOf(value);
    return items === undefined
      ? plainText(value)
      : arrayText(items, { element, delimiter, isNested });
  };
}

function scalarText(baseName: string): ValueText {
  switch (baseName) {
    case "json":
    case "jsonb":
      return jsonText;
    case "bytea":
      return byteaText;
    case "timestamptz":
      return (value) => (value instanceof Date ? dateText(value, true) : plainText(value));
    case "point":
      return (value) => (isPoint(value) ? `(${value.x},${value.y})` : plainText(value));
    case "hstore":
      return (value) => (isPlainObject(value) ? hstoreText(value) : plainText(value));
    default:
      return plainText;
  }
}

/** As pg writes a parameter, with what it would send in another form refused. */
function plainText(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "bigint" || typeof value === "boolean")
    return String(value);
  if (typeof value === "object") return objectText(value);
  throw new TypeError(`cannot take a ${typeof value}`);
}

function objectText(value: object | null): string {
  if (value === null) throw new TypeError("cannot take null here");
  if (value instanceof Date) return dateText(value, false);
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer)
    throw new TypeError("is no bytea column and cannot take bytes");
  if ("toPostgres" in value && typeof value.toPostgres === "function")
    return plainText(value.toPostgres(plainText));
  if (Array.isArray(value))
    return arrayText(value, { element: plainText, delimiter: ",", isNested: true });
  return jsonText(value);
}

function jsonText(value: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch {
    // The engine's own message shows names of properties, a `toJSON` of the program anything.
    throw new TypeError("cannot take it: it has no JSON form (a bigint or a circle?)");
  }
  if (text === undefined) throw new TypeError(`cannot take a ${typeof value} as JSON`);
  return text;
}

function byteaText(value: unknown): string {
  if (ArrayBuffer.isView(value))
    return `\\x${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("hex")}`;
  if (value instanceof ArrayBuffer) return `\\x${Buffer.from(value).toString("hex")}`;
  return plainText(value);
}

interface ArrayForm {
  readonly element: ValueText;
  readonly delimiter: string;
  readonly isNested: boolean;
}

function arrayText(items: readonly unknown[], form: ArrayForm): string {
  let text = "{";
  for (let index = 0; index < items.length; index += 1) {
    if (index > 0) text += form.delimiter;
    const item: unknown = items[index];
    const inner = form.isNested ? itemsOf(item) : undefined;
    if (item === null || item === undefined) text += "NULL";
    else text += inner === undefined ? quoteElement(form.element(item)) : arrayText(inner, form);
  }
  return `${text}}`;
}

/** Numbers in a typed array are the items of a column of numbers; bytes are one value. */
function itemsOf(value: unknown): readonly unknown[] | undefined {
  if (Array.isArray(value)) return value;
  if (!ArrayBuffer.isView(value) || value instanceof Uint8Array || value instanceof DataView)
    return undefined;
  return Array.from(isNumbers(value) ? value : []);
}

function isNumbers(view: ArrayBufferView): view is ArrayBufferView & Iterable<number | bigint> {
  return Symbol.iterator in view;
}

const SPECIAL = /["\\]/;

/** An element of an array's text. In quotes nothing else is special: not the delimiter, not the word NULL. */
export function quoteElement(text: string): string {
  return SPECIAL.test(text) ? `"${text.replaceAll(/["\\]/g, "\\$&")}"` : `"${text}"`;
}

function hstoreText(pairs: Readonly<Record<string, unknown>>): string {
  return Object.entries(pairs)
    .map(
      ([key, value]) =>
        `${quoteElement(key)}=>${value === null || value === undefined ? "NULL" : quoteElement(plainText(value))}`,
    )
    .join(",");
}

function isPoint(value: unknown): value is { readonly x: number; readonly y: number } {
  return (
    typeof value === "object" &&
    value !== null &&
    "x" in value &&
    "y" in value &&
    typeof value.x === "number" &&
    typeof value.y === "number"
  );
}

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

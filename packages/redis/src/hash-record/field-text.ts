import { InvalidArgumentError } from "@upshift/foundation";
import { baseField, type Field, isNullable } from "./field.ts";
import { HashFieldError } from "./hash-record-errors.ts";

/**
 * Null in a hash, which has no form for it. Text that begins with this character gets one more in front, so that every text reads back as it was; everything else is written
 * plainly, for other programs to read.
 */
const NULL = "\0";

type TextKind = "string" | "number" | "boolean" | "date" | "bigint";

/**
 * A value as it is stored. Equal values have equal texts: `compareAndSet` rests on it.
 *
 * @throws {InvalidArgumentError} when the value is not what its field is
 */
export function encodeField(name: string, field: Field, value: unknown): string {
  if (value === null && isNullable(field)) return NULL;
  const base = baseField(field);
  const kind = typeof base === "string" ? base : base.kind;
  switch (kind) {
    case "string":
      if (typeof value === "string") return value.startsWith(NULL) ? NULL + value : value;
      break;
    case "number":
      if (typeof value === "number") return Object.is(value, -0) ? "-0" : String(value);
      break;
    case "boolean":
      if (typeof value === "boolean") return value ? "1" : "0";
      break;
    case "bigint":
      if (typeof value === "bigint") return String(value);
      break;
    case "date":
      if (value instanceof Date && !Number.isNaN(value.getTime())) return value.toISOString();
      break;
    case "json":
      return canonicalJson(name, value);
  }
  // The type, not the value: it may be somebody's data.
  throw new InvalidArgumentError(`a ${kind} as \`${name}\``, value === null ? null : typeof value);
}

/** @throws {HashFieldError} when the text is no value of the field: another program wrote it, or the schema has changed */
export function decodeField(key: string, name: string, field: Field, text: string): unknown {
  if (text === NULL && isNullable(field)) return null;
  const base = baseField(field);
  if (typeof base !== "string") {
    try {
      return base.parse(JSON.parse(text));
    } catch (cause) {
      throw new HashFieldError(key, name, "json", cause);
    }
  }
  const value = DECODERS[base](text);
  if (value === undefined) throw new HashFieldError(key, name, base);
  return value;
}

/** @returns `undefined` when the text has no such value */
const DECODERS: Readonly<Record<TextKind, (text: string) => unknown>> = {
  string: (text) => (text.startsWith(NULL) ? text.slice(1) : text),
  number(text) {
    const isNumber = text === "NaN" || (text.trim() !== "" && !Number.isNaN(Number(text)));
    return isNumber ? Number(text) : undefined;
  },
  boolean: (text) => (text === "1" || text === "0" ? text === "1" : undefined),
  bigint: (text) => (/^-?\d+$/.test(text) ? BigInt(text) : undefined),
  date(text) {
    const date = new Date(text);
    return Number.isNaN(date.getTime()) ? undefined : date;
  },
};

/** With the keys of objects in order, whatever order they were set in. */
function canonicalJson(name: string, value: unknown): string {
  const text = JSON.stringify(value, (_key, part: unknown) => {
    if (typeof part !== "object" || part === null || Array.isArray(part)) return part;
    return Object.fromEntries(
      Object.entries(part).toSorted(([left], [right]) => (left < right ? -1 : 1)),
    );
  });
  if (text === undefined)
    throw new InvalidArgumentError(`a value that JSON has a form for as \`${name}\``, typeof value);
  return text;
}

import { InvalidArgumentError } from "@upshift/foundation";

/** Deeper than any filter; a value that holds itself ends here. */
const MOST_LEVELS = 32;

/**
 * Text that two values share only if they are the same: 1 is not "1", -0 is not 0, a `Date` is not its text. The order of an object's properties does not count.
 *
 * @throws {InvalidArgumentError} for what has no contents to compare: a function, a symbol, a `Map`
 */
export function canonicalText(value: unknown, level = 0): string {
  if (level > MOST_LEVELS) throw refusal(`${MOST_LEVELS} levels of nesting or more`);
  if (value === null) return "null";
  if (typeof value === "object") return objectText(value, level + 1);
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "number") return `n${Object.is(value, -0) ? "-0" : String(value)}`;
  if (typeof value === "bigint") return `i${value}`;
  if (typeof value === "boolean") return `b${value}`;
  if (value === undefined) return "u";
  throw refusal(`a ${typeof value}`);
}

function objectText(value: object, level: number): string {
  if (Array.isArray(value)) {
    const items: readonly unknown[] = value;
    return `[${items.map((item) => canonicalText(item, level)).join()}]`;
  }
  if (value instanceof Date) return `d${value.getTime()}`;
  if (ArrayBuffer.isView(value)) {
    return `x${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("hex")}`;
  }
  const properties = Object.entries(value).filter(([, property]) => property !== undefined);
  const prototype: unknown = Object.getPrototypeOf(value);
  const isPlain = prototype === Object.prototype || prototype === null;
  if (!isPlain && "toJSON" in value && typeof value.toJSON === "function") {
    return `j${canonicalText(value.toJSON(), level)}`;
  }
  if (!isPlain && properties.length === 0) throw refusal("an object without properties of its own");
  const texts = properties
    .map(([name, property]) => [name, canonicalText(property, level)] as const)
    .toSorted(([left], [right]) => (left < right ? -1 : 1))
    .map(([name, text]) => `${JSON.stringify(name)}:${text}`);
  return `{${texts.join()}}`;
}

function refusal(received: string): InvalidArgumentError {
  return new InvalidArgumentError(
    "what a cursor is bound to as values, lists and plain objects; `bind` of the page takes the place of values in `where` that are not",
    received,
  );
}

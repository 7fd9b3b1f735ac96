import { types } from "node:util";
import { InvalidArgumentError } from "@upshift/foundation";

/** Deeper input is taken for one that contains itself. */
const DEEPEST = 100;

/** @throws {InvalidArgumentError} when there is no text that only this input has; names the kind of thing, never the value */
export function writeCanonical(input: unknown): string {
  if (input === null || input === undefined)
    throw new InvalidArgumentError("a cache key, but the id is missing: a value", input);
  if (typeof input === "bigint") return `${input}`;
  return types.isDate(input) ? writeDate(input) : write(input, 0);
}

function write(value: unknown, depth: number): string {
  if (depth > DEEPEST)
    throw unusable(`an object nested deeper than ${DEEPEST} levels, or containing itself`);
  switch (typeof value) {
    case "string":
      return JSON.stringify(value);
    case "number":
      return writeNumber(value);
    case "bigint":
      return `${value}n`;
    case "boolean":
    case "undefined":
      return `${value}`;
    case "object":
      return value === null ? "null" : writeObject(value, depth);
    case "function":
    case "symbol":
    default:
      throw unusable(`a ${typeof value}`);
  }
}

function writeObject(value: object, depth: number): string {
  if (types.isDate(value)) return JSON.stringify(writeDate(value));
  if (Array.isArray(value)) {
    // Not `map`, which skips holes.
    const items = Array.from(value, (item: unknown) => write(item, depth + 1));
    return `[${items.join(",")}]`;
  }
  assertPlain(value);
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .toSorted(([left], [right]) => (left < right ? -1 : 1))
    .map(([name, member]) => `${JSON.stringify(name)}:${write(member, depth + 1)}`);
  return `{${members.join(",")}}`;
}

function writeNumber(value: number): string {
  if (!Number.isFinite(value)) throw unusable(`${value}`);
  return `${value}`;
}

function writeDate(value: Date): string {
  if (Number.isNaN(value.getTime())) throw unusable("an invalid date");
  return value.toISOString();
}

function assertPlain(value: object): void {
  const prototype: unknown = Object.getPrototypeOf(value);
  // An object of another realm (a `node:vm` context) has an Object.prototype of its own.
  const isPlain =
    prototype === null ||
    prototype === Object.prototype ||
    (typeof prototype === "object" &&
      Object.getPrototypeOf(prototype) === null &&
      Object.hasOwn(prototype, "isPrototypeOf"));
  if (!isPlain) throw unusable("an object of a class");
  if (Object.getOwnPropertySymbols(value).length > 0)
    throw unusable("an object with a symbol as a member's name");
}

function unusable(kind: string): InvalidArgumentError {
  return new InvalidArgumentError(
    "a cache key of strings, numbers, bigints, booleans, null and dates, in plain objects and arrays",
    kind,
  );
}

import { parse, stringify } from "devalue";
import { fromByteText, toByteText } from "./bytes.ts";
import { CacheValueError } from "./cache-value-error.ts";
import type { Codec } from "./codec.ts";
import { isPlainJson } from "./is-plain-json.ts";
import { isPlainObject, survey } from "./survey.ts";

const JSON_PREFIX = "j";
const JSON_PREFIX_CODE = 0x6a;
const RICH_PREFIX = "d";

/**
 * Text that brings back what went in: `j` and JSON for plain values, whose reading is JSON.parse and nothing else; `d` and the format of `devalue` for
 * undefined, NaN, infinities and -0, bigint, Date, RegExp, URL, URLSearchParams, Map, Set, Buffer, ArrayBuffer and its views, boxed primitives, arrays
 * with holes, objects without prototype, and objects that contain themselves.
 *
 * What JSON has no place for in plain objects and arrays is left behind, as JSON does it: members that are not enumerable or have a symbol as name, members of
 * an array that are not items. Plain values that appear twice in a value come back as two. Objects of other realms come back as ours.
 *
 * Anything else is refused with its path: functions, symbols, promises, errors, objects of classes (also those with `toJSON`, which would come back as
 * something else), and what is nested deeper than 1,000 levels.
 */
export const defaultCodec: Codec = { encode, decode };

function encode(value: unknown): string {
  try {
    return isPlainJson(value) ? JSON_PREFIX + JSON.stringify(value) : encodeRich(value);
  } catch (error) {
    // The stack was nearly used up where this was called, or the text is longer than a string can be.
    if (error instanceof RangeError) throw new CacheValueError("$", "too deep or too large", error);
    throw error;
  }
}

function decode(text: string): unknown {
  if (text.charCodeAt(0) === JSON_PREFIX_CODE) return JSON.parse(text.slice(1));
  if (!text.startsWith(RICH_PREFIX)) throw new SyntaxError("a cached value is not of this codec");
  return parse(text.slice(1), { bytes: fromByteText, members: fromMembers });
}

function encodeRich(value: unknown): string {
  const { hasProtoMember } = survey(value);
  const text = RICH_PREFIX + stringify(value, { bytes: toByteText, members: toMembers }, OPTIONS);
  // Such a member is set when all others are there, which fails for an object that contains itself.
  if (hasProtoMember) {
    try {
      decode(text);
    } catch (error) {
      throw new CacheValueError("$", "an object that contains itself beside a `__proto__`", error);
    }
  }
  return text;
}

/** The survey has decided what is plain, and what is left behind. */
const OPTIONS = {
  operations: {
    tagOf: (value: object): string =>
      isPlainObject(value) ? "Object" : Object.prototype.toString.call(value).slice(8, -1),
    shapeOf: (value: object): { kind: "null-proto" | "plain"; keys: string[] } => ({
      kind: Object.getPrototypeOf(value) === null ? "null-proto" : "plain",
      keys: Object.keys(value),
    }),
  },
} as const;

/** `devalue` refuses members named `__proto__`: such an object travels as a list of its members. */
function toMembers(value: unknown): { isBare: boolean; members: unknown[] } | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  if (!Object.hasOwn(value, "__proto__") || !isPlainObject(value)) return undefined;
  return { isBare: Object.getPrototypeOf(value) === null, members: Object.entries(value) };
}

function fromMembers(sent: unknown): unknown {
  if (!isSentMembers(sent)) throw new SyntaxError("members of a cached value are not a list");
  const object: unknown = sent.isBare ? Object.create(null) : {};
  for (const [name, value] of sent.members) {
    // Assigned, it would become the prototype.
    Object.defineProperty(object, name, {
      value,
      writable: true,
      enumerable: true,
      configurable: true,
    });
  }
  return object;
}

function isSentMembers(
  sent: unknown,
): sent is { readonly isBare: boolean; readonly members: readonly [string, unknown][] } {
  return (
    typeof sent === "object" &&
    sent !== null &&
    "isBare" in sent &&
    "members" in sent &&
    Array.isArray(sent.members)
  );
}

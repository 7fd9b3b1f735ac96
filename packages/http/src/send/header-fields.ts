import { InvalidHeaderError } from "./send-errors.ts";

/** Fields of a response: several of one name as a list. */
export type HeaderFields = Readonly<
  Record<string, string | number | readonly string[] | undefined>
>;

/** Names in lower case, checked values. */
export type CheckedFields = Record<string, string | readonly string[]>;

const TOKEN = /^[\w!#$%&'*+.^`|~-]+$/;
const FORBIDDEN = /[^\t\x20-\x7e\x80-\xff]/;

/** @throws {InvalidHeaderError} for what would end the field: line breaks, NUL, other controls, characters beyond Latin-1 */
function checkValue(name: string, value: string): string {
  if (FORBIDDEN.test(value)) throw new InvalidHeaderError(name, "value");
  return value;
}

/** Adds fields to `target` with names in lower case; a later one of a name replaces the earlier one. */
export function addFields(target: CheckedFields, fields: HeaderFields): void {
  for (const name in fields) {
    if (!Object.hasOwn(fields, name)) continue;
    const value = fields[name];
    if (value === undefined) continue;
    // `__proto__` is a token, but not a key that a plain object would keep.
    if (!TOKEN.test(name) || name === "__proto__") throw new InvalidHeaderError(name, "name");
    target[name.toLowerCase()] =
      typeof value === "object"
        ? value.map((one) => checkValue(name, one))
        : checkValue(name, String(value));
  }
}

/** The value as one line, as RFC 9110 5.3 joins fields of one name. */
export function lineOf(value: string | readonly string[] | undefined): string | undefined {
  return value === undefined || typeof value === "string" ? value : value.join(", ");
}

/** The list of both without repetitions; `*` swallows the rest. */
export function mergeVary(
  first: string | undefined,
  second: string | undefined,
): string | undefined {
  if (first === undefined || first === "") return second;
  if (second === undefined || second === "") return first;
  const names = new Map<string, string>();
  for (const name of `${first},${second}`.split(",")) {
    const trimmed = name.trim();
    if (trimmed === "*") return "*";
    const key = trimmed.toLowerCase();
    if (trimmed !== "" && !names.has(key)) names.set(key, trimmed);
  }
  return [...names.values()].join(", ");
}

/** Describe content that a response without it does not have (RFC 9110 15.4.5); a 304 leaves them out. */
export const CONTENT_FIELDS: readonly string[] = [
  "content-type",
  "content-length",
  "content-encoding",
  "content-language",
  "content-range",
];

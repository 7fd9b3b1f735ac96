import { isThenable } from "./map-limit/is-thenable.ts";

/** What a value is, for errors about one that must not be shown: a URL may hold a password. */
export function kindOf(value: unknown): string {
  if (value === undefined || value === null) return String(value);
  if (Array.isArray(value)) return "an array";
  if (isThenable(value)) return "a promise";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

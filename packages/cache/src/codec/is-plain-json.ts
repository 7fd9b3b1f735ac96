/** Deeper values do not travel: what reads them needs as much stack as what wrote them, and may have less of it left. */
export const DEEPEST = 1_000;

/** A value whose parts appear in it many times over is written out no longer than this; beyond it each part is written once. */
const MOST_NODES = 10_000_000;

/**
 * Whether JSON alone brings a value back as it is: plain objects and arrays, strings, finite numbers except -0, booleans and null.
 *
 * One walk that allocates nothing per node, no deeper than `DEEPEST`.
 */
export function isPlainJson(value: unknown): boolean {
  return walk(value, MOST_NODES, 0) >= 0;
}

/** @returns how many more nodes may follow; negative when the value is not plain, too deep or too large */
function walk(value: unknown, budget: number, depth: number): number {
  switch (typeof value) {
    case "string":
    case "boolean":
      return budget - 1;
    case "number":
      // The difference is NaN for NaN and the infinities.
      return value - value === 0 && (value !== 0 || 1 / value > 0) ? budget - 1 : -1;
    case "object":
      if (value === null) return budget - 1;
      if (depth > DEEPEST) return -1;
      if (isPlainObject(value)) return walkMembers(value, budget - 1, depth + 1);
      return isPlainArray(value) ? walkItems(value, budget - 1, depth + 1) : -1;
    case "bigint":
    case "function":
    case "symbol":
    case "undefined":
    default:
      return -1;
  }
}

function walkMembers(
  members: Readonly<Record<string, unknown>>,
  budget: number,
  depth: number,
): number {
  // A function, also where it is not enumerable, that JSON would call in place of reading the object.
  if (typeof members["toJSON"] === "function") return -1;
  let left = budget;
  // Plain objects inherit nothing enumerable, and unlike Object.keys this makes no array.
  // oxlint-disable-next-line guard-for-in
  for (const name in members) {
    left = walk(members[name], left, depth);
    if (left < 0) return -1;
  }
  return left;
}

function walkItems(items: readonly unknown[], budget: number, depth: number): number {
  let left = budget;
  for (let at = 0; at < items.length; at += 1) {
    // A hole reads as undefined, which is not plain.
    left = walk(items[at], left, depth);
    if (left < 0) return -1;
  }
  return left;
}

function isPlainObject(value: object): value is Readonly<Record<string, unknown>> {
  return Object.getPrototypeOf(value) === Object.prototype;
}

function isPlainArray(value: object): value is readonly unknown[] {
  return Object.getPrototypeOf(value) === Array.prototype && Array.isArray(value);
}

import { types } from "node:util";

/** Parts that are looked at. What is left then counts as the average of those. */
const MOST_PARTS = 10_000;
/** Of a longer list so many parts, evenly spread, stand for all. */
const SAMPLE = 64;
/** The same within what itself stands for others. */
const SAMPLE_WITHIN = 8;

// Of V8 on 64 bits without compressed pointers, as Node.js is built; sizes by `%DebugPrint` and by heap snapshots.
const WORD = 8;
const OBJECT_BYTES = 3 * WORD;
const ARRAY_BYTES = 6 * WORD;
const STRING_BYTES = 2 * WORD;
const DOUBLE_BYTES = 2 * WORD;
/** Of the kind that has little inside: a date, a regular expression, a boxed primitive, a function. */
const SMALL_OBJECT_BYTES = 10 * WORD;
/** A view, its ArrayBuffer, and what keeps track of the memory outside of the heap. */
const VIEW_BYTES = 30 * WORD;
const MAP_BYTES = 9 * WORD;
/** Characters that are looked at to know whether a text is wide. */
const LONGEST_TEST = 4_096;
const WIDE = /[^\0-\xff]/;
/**
 * Members of a dictionary, each with a name of its own: up to about 128 V8 gives every step on the way a shape, beyond it keeps a hash table. Measured.
 */
const SHAPED_MEMBER_BYTES = 14 * WORD;
const HASHED_MEMBER_BYTES = 6 * WORD;
const MOST_SHAPED_MEMBERS = 128;
/** Members with whole numbers for names, in a table of their own or in a list with holes. Measured. */
const INDEXED_MEMBER_BYTES = 8 * WORD;
/** Objects with few members, or with names like columns', share names and shape with others; with more they are taken for dictionaries. */
const FEWEST_DICTIONARY_MEMBERS = 16;
const MOST_COLUMNS = 64;

/**
 * Bytes of memory that a value takes, with everything it holds: within a factor of about 1.5 for strings, arrays, plain objects, buffers, maps and sets.
 *
 * Takes bounded time: of long lists and large values a sample stands for the rest, so a single huge part among many small ones may go unseen. What the
 * value shares with others (names of members, short texts that V8 keeps once, a constant) is counted as if it were its own, except the names of small objects.
 */
export function approximateSizeBytes(value: unknown): number {
  const walk = new Walk();
  walk.visit(value, 1);
  return Math.ceil(walk.finish());
}

interface Part {
  readonly object: object;
  /** How many parts this one stands for. */
  readonly weight: number;
}

class Walk {
  #bytes = 0;
  #visitedWeight = 0;
  readonly #seen = new Set<object>();
  readonly #open: Part[] = [];

  /** @param weight - how many parts this one stands for */
  visit(value: unknown, weight: number): void {
    switch (typeof value) {
      case "string":
        this.#bytes += weight * stringBytes(value);
        return;
      case "number":
        // Small integers live in the slot that refers to them.
        this.#bytes += weight * ((value | 0) === value ? 0 : DOUBLE_BYTES);
        return;
      case "bigint":
        this.#bytes += weight * (STRING_BYTES + value.toString(16).length / 2);
        return;
      case "object":
        if (value !== null) this.#open.push({ object: value, weight });
        return;
      case "function":
        this.#bytes += weight * SMALL_OBJECT_BYTES;
        return;
      case "boolean":
      case "symbol":
      case "undefined":
      default:
    }
  }

  finish(): number {
    let part = this.#open.pop();
    while (part !== undefined && this.#seen.size < MOST_PARTS) {
      if (!this.#seen.has(part.object)) {
        this.#seen.add(part.object);
        this.#visitedWeight += part.weight;
        this.#visitObject(part.object, part.weight);
      }
      part = this.#open.pop();
    }
    if (part === undefined) return this.#bytes;
    const left = this.#open.reduce((sum, { weight }) => sum + weight, part.weight);
    return this.#bytes + (left * this.#bytes) / this.#visitedWeight;
  }

  #visitObject(object: object, weight: number): void {
    if (Array.isArray(object)) this.#visitArray(object, weight);
    else if (types.isMap(object)) this.#visitMap(object, weight);
    else if (types.isSet(object)) this.#visitSet(object, weight);
    else if (ArrayBuffer.isView(object) || types.isAnyArrayBuffer(object))
      this.#bytes += weight * (VIEW_BYTES + object.byteLength);
    else if (types.isDate(object) || types.isRegExp(object) || types.isBoxedPrimitive(object))
      this.#bytes += weight * SMALL_OBJECT_BYTES;
    else this.#visitMembers(object, weight);
  }

  #visitArray(items: readonly unknown[], weight: number): void {
    const { length } = items;
    const count = sampleCount(length, weight);
    this.#bytes += weight * (ARRAY_BYTES + WORD * length);
    const sample = Array.from(
      { length: count },
      (_, nth) => items[Math.floor((nth * length) / count)],
    );
    // An array of nothing but numbers holds them in its slots.
    if (sample.every((item) => typeof item === "number")) return;
    // An object that came up twice is one that many places share, not one of many.
    const areOwn = new Set(sample).size === count || typeof sample[0] !== "object";
    for (const item of sample) this.visit(item, areOwn ? (weight * length) / count : weight);
  }

  #visitMap(map: ReadonlyMap<unknown, unknown>, weight: number): void {
    const count = sampleCount(map.size, weight);
    this.#bytes += weight * (MAP_BYTES + WORD * 3.5 * powerOf2(map.size));
    let left = count;
    for (const [key, value] of map) {
      if ((left -= 1) < 0) break;
      this.visit(key, (weight * map.size) / count);
      this.visit(value, (weight * map.size) / count);
    }
  }

  #visitSet(set: ReadonlySet<unknown>, weight: number): void {
    const count = sampleCount(set.size, weight);
    this.#bytes += weight * (MAP_BYTES + WORD * 2.5 * powerOf2(set.size));
    let left = count;
    for (const value of set) {
      if ((left -= 1) < 0) break;
      this.visit(value, (weight * set.size) / count);
    }
  }

  #visitMembers(object: object, weight: number): void {
    const names = Object.keys(object);
    const { length } = names;
    const count = sampleCount(length, weight);
    const sample = Array.from(
      { length: count },
      (_, nth) => names[Math.floor((nth * length) / count)] ?? "",
    );
    // V8 keeps names that are whole numbers as numbers.
    const isIndexed = sample.every((name) => /^\d+$/.test(name));
    const isDictionary = !isIndexed && areOwnNames(length, sample);
    const memberBytes = isIndexed ? INDEXED_MEMBER_BYTES : namedMemberBytes(length, isDictionary);
    this.#bytes += weight * (OBJECT_BYTES + memberBytes * length);
    for (const name of sample) {
      if (isDictionary) this.visit(name, (weight * length) / count);
      // What a getter would return is not held by the object, and asking it could do anything.
      const value: unknown = Object.getOwnPropertyDescriptor(object, name)?.value;
      this.visit(value, (weight * length) / count);
    }
  }
}

function namedMemberBytes(length: number, isDictionary: boolean): number {
  if (!isDictionary) return WORD;
  return length > MOST_SHAPED_MEMBERS ? HASHED_MEMBER_BYTES : SHAPED_MEMBER_BYTES;
}

/** Whether an object is a dictionary, whose names no other object has: most of them are not made of letters alone. */
function areOwnNames(length: number, sample: readonly string[]): boolean {
  if (length <= FEWEST_DICTIONARY_MEMBERS) return false;
  if (length > MOST_COLUMNS) return true;
  return sample.filter((name) => /[^A-Za-z_$]/.test(name)).length * 2 > sample.length;
}

function sampleCount(length: number, weight: number): number {
  return Math.min(length, weight === 1 ? SAMPLE : SAMPLE_WITHIN);
}

/** Hash tables double when they are full, from 4 on. */
function powerOf2(count: number): number {
  return Math.max(4, 2 ** Math.ceil(Math.log2(count)));
}

/** Rounded up to words; one byte for a character unless some character needs two. */
function stringBytes(text: string): number {
  const isWide = WIDE.test(text.length <= LONGEST_TEST ? text : text.slice(0, LONGEST_TEST));
  return STRING_BYTES + Math.ceil((text.length * (isWide ? 2 : 1)) / WORD) * WORD;
}

import type { DuplicateGroup } from "./duplicate-groups.ts";

/** What the leaves of a B-tree hold; line pointers are counted with their tuples. Nothing here need be whole. */
export interface LeafContents {
  /** Posting lists as long as they may be. */
  readonly fullLists: number;
  readonly fullListBytes: number;
  /** All other tuples. */
  readonly tuples: number;
  readonly tupleBytes: number;
}

const LINE_POINTER_BYTES = 4;
const TUPLE_ID_BYTES = 6;

/** A tenth of a page less a line pointer, rounded down to 8. Source: nbtsort.c, maxpostingsize */
const LONGEST_POSTING_BYTES = 812;

/** One tuple per row. */
export function plainLeaf(keyBytes: number, rows: number): LeafContents {
  const tupleBytes = rows * (keyBytes + LINE_POINTER_BYTES);
  return { fullLists: 0, fullListBytes: 0, tuples: rows, tupleBytes };
}

/**
 * One tuple per key and some hundred of its rows.
 *
 * @param keyBytes - average over tuples whose sizes are multiples of 8
 */
export function deduplicatedLeaf(
  keyBytes: number,
  groups: readonly DuplicateGroup[],
): LeafContents {
  const shortBytes = Math.floor(keyBytes / 8) * 8;
  const longShare = (keyBytes - shortBytes) / 8;
  let sum: LeafContents = { fullLists: 0, fullListBytes: 0, tuples: 0, tupleBytes: 0 };
  for (const { rowsPerKey, keys } of groups) {
    const whole = Math.floor(rowsPerKey);
    // A fraction of a row is that share of keys with one row more.
    const oneMore = rowsPerKey - whole;
    for (const [rows, rowsShare] of [
      [whole, 1 - oneMore],
      [whole + 1, oneMore],
    ] as const) {
      if (rowsShare === 0) continue;
      sum = add(sum, oneKey(rows, shortBytes), keys * rowsShare * (1 - longShare));
      sum = add(sum, oneKey(rows, shortBytes + 8), keys * rowsShare * longShare);
    }
  }
  return sum;
}

/** Full posting lists, then one tuple with the rest. */
function oneKey(rows: number, keyBytes: number): LeafContents {
  const longest = Math.max(1, Math.floor((LONGEST_POSTING_BYTES - keyBytes) / TUPLE_ID_BYTES));
  const fullLists = Math.floor(rows / longest);
  const rest = rows - fullLists * longest;
  return {
    fullLists,
    fullListBytes: fullLists * bytesOfTuple(longest, keyBytes),
    tuples: rest > 0 ? 1 : 0,
    tupleBytes: rest > 0 ? bytesOfTuple(rest, keyBytes) : 0,
  };
}

/** A single row needs no list. */
function bytesOfTuple(rows: number, keyBytes: number): number {
  const bytes = rows === 1 ? keyBytes : Math.ceil((keyBytes + TUPLE_ID_BYTES * rows) / 8) * 8;
  return bytes + LINE_POINTER_BYTES;
}

function add(sum: LeafContents, contents: LeafContents, times: number): LeafContents {
  return {
    fullLists: sum.fullLists + contents.fullLists * times,
    fullListBytes: sum.fullListBytes + contents.fullListBytes * times,
    tuples: sum.tuples + contents.tuples * times,
    tupleBytes: sum.tupleBytes + contents.tupleBytes * times,
  };
}

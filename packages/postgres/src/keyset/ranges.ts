/** What a range asks of a key's order; a `ResolvedKey` has it. */
export interface RangeKey {
  readonly isAscending: boolean;
  readonly isNullsFirst: boolean;
  readonly isNullable: boolean;
  /** `false` keeps it out of row comparisons, which have one operator for all of their columns. */
  readonly fitsRow: boolean;
}

/** A condition on the keys, by their indexes. Values are those of the position. */
export type RangeCondition =
  | { readonly is: "equal" | "null" | "not null"; readonly key: number }
  /** Keys `first` to `last`, all NOT NULL and in one direction, come after the position's, compared as one row. */
  | { readonly is: "beyond"; readonly first: number; readonly last: number };

/** All of its conditions hold. */
export type Range = readonly RangeCondition[];

/**
 * The rows after a position as disjoint ranges, each one scan of an index in the order, in the order of their rows. No range: nothing comes after.
 *
 * With neighbouring keys that are NOT NULL and go one way as one run, `r1, …, rn`: for each run from the last to the first, the rows that agree with the
 * position in all runs before it and are beyond it in this one. For a nullable key `beyond` is two ranges, values and NULLs. An order that is NOT NULL and goes
 * one way is one run, hence one range: one row comparison.
 *
 * @param isNull - per key, whether the position has NULL there
 */
export function rangesAfter(
  keys: readonly RangeKey[],
  isNull: readonly boolean[],
): readonly Range[] {
  return runs(keys)
    .toReversed()
    .flatMap(({ first, last }) => {
      const before = keys.slice(0, first).map((_, key) => agrees(key, isNull));
      return beyond(keys, isNull, first, last).map((condition) => before.concat(condition));
    });
}

function agrees(key: number, isNull: readonly boolean[]): RangeCondition {
  return { is: isNull[key] === true ? "null" : "equal", key };
}

/** In the order of the rows; nullable keys are runs of one. */
function beyond(
  keys: readonly RangeKey[],
  isNull: readonly boolean[],
  first: number,
  last: number,
): readonly RangeCondition[] {
  const isNullsFirst = keys[first]?.isNullsFirst === true;
  if (isNull[first] === true) return isNullsFirst ? [{ is: "not null", key: first }] : [];
  const values: RangeCondition = { is: "beyond", first, last };
  const hasNullsAfter = keys[first]?.isNullable === true && !isNullsFirst;
  return hasNullsAfter ? [values, { is: "null", key: first }] : [values];
}

interface Run {
  readonly first: number;
  readonly last: number;
}

function runs(keys: readonly RangeKey[]): readonly Run[] {
  const found: Run[] = [];
  for (const [index, key] of keys.entries()) {
    const run = found.at(-1);
    const previous = keys[index - 1];
    if (run !== undefined && previous !== undefined && canFollow(previous, key)) {
      found[found.length - 1] = { first: run.first, last: index };
    } else {
      found.push({ first: index, last: index });
    }
  }
  return found;
}

function canFollow(previous: RangeKey, key: RangeKey): boolean {
  return (
    previous.isAscending === key.isAscending &&
    [previous, key].every(({ isNullable, fitsRow }) => !isNullable && fitsRow)
  );
}

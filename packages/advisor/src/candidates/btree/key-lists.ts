import type { OrderKey, WantedOrder } from "../../workload/shape/query-shape.ts";
import type { FilterGroup, RangeColumns } from "./filter-group.ts";

/** Keys of one index in order. */
export interface KeyList {
  readonly keys: readonly ListedKey[];
  /** It has nothing but the wanted order. */
  readonly isOrderOnly: boolean;
}

interface ListedKey extends OrderKey {
  /** LIKE 'abc%' is asked of it. */
  readonly isPrefix: boolean;
}

export interface KeyListRequest {
  readonly group: FilterGroup;
  readonly joins: readonly string[];
  readonly orders: readonly WantedOrder[];
  /** Higher comes first among equality columns. */
  readonly callsOn: (column: string) => number;
  readonly distinctOf: (column: string) => number;
}

/** More keys than this are seldom read and always written. */
const MOST_KEYS = 4;

/**
 * Key lists in the orders that a B-tree can use whole: equality columns, then one range or the sort columns.
 *
 * Equality columns come in several orders, because which one is first decides what other queries can share.
 */
export function keyLists(request: KeyListRequest): readonly KeyList[] {
  const { group, joins, orders } = request;
  const lists = new Map<string, KeyList>();
  const add = (keys: readonly ListedKey[], isOrderOnly = false): void => {
    const unique = keys.filter(
      (key, position) => keys.findIndex((other) => other.column === key.column) === position,
    );
    const capped = unique.slice(0, MOST_KEYS);
    if (capped.length === 0) return;
    const text = JSON.stringify(capped);
    if (!lists.has(text)) lists.set(text, { keys: capped, isOrderOnly });
  };

  for (const prefix of equalityPrefixes(request)) {
    const start = prefix.map(ascending);
    const sorts = orders.map((order) => sortKeys(order, prefix)).filter((keys) => keys.length > 0);
    for (const sort of sorts) {
      add([...start, ...sort], prefix.length === 0);
      for (const range of group.ranges) add([...start, ...sort, ...rangeKeys(range)]);
      for (const list of group.lists) {
        add([...start, ...sort, ascending(list)]);
        add([...start, ascending(list), ...sort]);
      }
    }
    add(start);
    for (const range of group.ranges) {
      add([...start, ...rangeKeys(range)]);
      for (const list of group.lists) add([...start, ascending(list), ...rangeKeys(range)]);
    }
    for (const list of group.lists) add([...start, ascending(list)]);
    add([...start, ...group.lists.map(ascending)]);
    for (const join of joins) {
      add([...start, ascending(join)]);
      add([ascending(join), ...start]);
      for (const sort of sorts) add([...start, ascending(join), ...sort]);
      for (const range of group.ranges) add([ascending(join), ...start, ...rangeKeys(range)]);
    }
  }
  if (joins.length > 1) add(joins.map(ascending));
  return [...lists.values()];
}

/** The whole set in several orders, every pair, every single one, and none. */
function equalityPrefixes(request: KeyListRequest): readonly (readonly string[])[] {
  const { group, callsOn, distinctOf } = request;
  const byCalls = group.equality.toSorted(
    (a, b) => callsOn(b) - callsOn(a) || distinctOf(b) - distinctOf(a) || (a < b ? -1 : 1),
  );
  const bySelectivity = byCalls
    .toSorted((a, b) => distinctOf(b) - distinctOf(a))
    .slice(0, MOST_KEYS);
  const kept = byCalls.filter((column) => bySelectivity.includes(column));
  const whole = [kept, bySelectivity, ...kept.map((first) => moveToFront(kept, first))];
  const pairs =
    kept.length > 2
      ? kept.flatMap((first) =>
          kept.filter((other) => other !== first).map((second) => [first, second]),
        )
      : [];
  return [...whole, ...pairs, ...kept.map((column) => [column]), []];
}

function moveToFront(columns: readonly string[], first: string): readonly string[] {
  return [first, ...columns.filter((column) => column !== first)];
}

/**
 * The order that is left once `fixed` columns have one value each.
 *
 * When reading backwards gives the plain ascending form, that form is taken: it serves both directions.
 */
function sortKeys(order: WantedOrder, fixed: readonly string[]): readonly ListedKey[] {
  const keys = order.keys.filter(({ column }) => !fixed.includes(column));
  const isPlainBackwards = keys.every(
    ({ direction, nulls }) => direction === "desc" && nulls === "first",
  );
  return keys.map(({ column, direction, nulls }) =>
    isPlainBackwards ? ascending(column) : { column, direction, nulls, isPrefix: false },
  );
}

function rangeKeys(range: RangeColumns): readonly ListedKey[] {
  const first = { ...ascending(range.column), isPrefix: range.isPrefix };
  return [first, ...range.following.map(ascending)];
}

function ascending(column: string): ListedKey {
  return { column, direction: "asc", nulls: "last", isPrefix: false };
}

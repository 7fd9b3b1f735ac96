import type { IndexDefinition, IndexKey } from "../planner/planner.ts";
import type { ExistingIndexKey, Index } from "../snapshot/database-snapshot.ts";
import { keyText, reversedKeys } from "./definition-key.ts";

/**
 * Whether an index that is there already gives what the definition would: its keys start with the definition's, forwards
 * or backwards, over all rows or the same ones, with the same columns to read from it.
 */
export function isServedByExisting(
  definition: IndexDefinition,
  existing: readonly Index[],
): boolean {
  return existing.some(
    (index) =>
      index.isValid &&
      index.method === definition.method &&
      (index.predicate === null || samePredicate(index.predicate, definition.predicate)) &&
      (index.predicate !== null || definition.predicate === null) &&
      startsWith(definition.keys, index) &&
      definition.include.every((column) => carries(index, column)),
  );
}

/** The keys of an existing index in the form that a candidate has. */
export function toIndexKey(key: ExistingIndexKey): IndexKey {
  return {
    expression: key.column ?? key.expression,
    isColumn: key.column !== null,
    direction: key.direction,
    nulls: key.nulls,
    opclass: key.opclass,
  };
}

function startsWith(keys: readonly IndexKey[], index: Index): boolean {
  if (index.keys.length < keys.length) return false;
  if (index.keys.slice(0, keys.length).some(({ collation }) => collation !== null)) return false;
  const existing = index.keys.slice(0, keys.length).map(toIndexKey);
  return isSame(existing, keys) || isSame(reversedKeys(existing), keys);
}

function isSame(left: readonly IndexKey[], right: readonly IndexKey[]): boolean {
  return left.every((key, position) => {
    const other = right[position];
    return other !== undefined && keyText(key) === keyText(other);
  });
}

function carries(index: Index, column: string): boolean {
  return index.include.includes(column) || index.keys.some((key) => key.column === column);
}

/** `::character varying(20)`, `::clinic."Status"[]` */
const CAST =
  /::(?:"[^"]+"|[a-z_]\w*)(?:\.(?:"[^"]+"|\w+))?(?: varying| precision| with(?:out)? time zone)?(?:\([\d,]+\))?(?:\[\])?/g;

/** Without the casts and brackets that the catalog adds; equal text means the same rows. */
function samePredicate(stored: string, wanted: string | null): boolean {
  return wanted !== null && plainPredicate(stored) === plainPredicate(wanted);
}

function plainPredicate(text: string): string {
  return text
    .replace(CAST, "")
    .replace(/[()"\s]/g, "")
    .toLowerCase()
    .replace(/^(\w+)=false$/, "not$1")
    .replace(/^(\w+)=true$/, "$1");
}

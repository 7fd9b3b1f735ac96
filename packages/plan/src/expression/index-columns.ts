import { unquoteIdentifier } from "../parse/identifier.ts";
import type { Condition } from "./conditions.ts";
import { quoteIdentifier } from "./quote-identifier.ts";

/** Columns that find rows by equality beyond this number hardly narrow them further. */
const MOST_EQUALITIES = 3;

/**
 * Columns of the index that serves the conditions, quoted: equalities first, then one range, or the sort when no range is there.
 *
 * Built from columns alone, never from values. Flags go last among the equalities, since they narrow least.
 *
 * @param sortColumns - as `toSortColumns` gives them
 */
export function indexColumns(
  conditions: readonly Condition[],
  sortColumns: readonly string[] = [],
): readonly string[] {
  const columnsOf = (kind: Condition["kind"]): readonly string[] =>
    conditions
      .filter((condition) => condition.kind === kind && condition.isSelfContained)
      .flatMap(({ column }) => (column === null ? [] : [quoteIdentifier(column)]));
  const flags = columnsOf("boolean");
  const equalities = [...new Set([...columnsOf("equality"), ...flags])].slice(0, MOST_EQUALITIES);
  const range = columnsOf("range").find((column) => !equalities.includes(column));
  if (range !== undefined) return [...equalities, range];
  const rest = sortColumns.filter((column) => !equalities.includes(column.split(" ")[0] ?? ""));
  return equalities.length === 0 ? [] : [...equalities, ...rest];
}

/** `[o.created_at DESC]` -> `[created_at DESC]`; empty when a key is more than a column of the table. */
export function toSortColumns(sortKey: readonly string[], alias: string | null): readonly string[] {
  const columns = sortKey.map((key) => {
    const [, qualifier, name, direction] =
      /^(?:("(?:[^"]|"")*"|\w+)\.)?("(?:[^"]|"")*"|\w+)((?: DESC| ASC)?(?: NULLS (?:FIRST|LAST))?)$/.exec(
        key,
      ) ?? [];
    if (name === undefined) return null;
    if (qualifier !== undefined && unquoteIdentifier(qualifier) !== alias) return null;
    return `${quoteIdentifier(unquoteIdentifier(name))}${direction ?? ""}`;
  });
  return columns.every((column) => column !== null) ? columns : [];
}

/** The conditions as one SQL predicate with `$n` for every value; `null` when none can stand alone. */
export function toPredicate(conditions: readonly Condition[]): string | null {
  let next = 0;
  const parts = conditions
    .filter((condition) => condition.isSelfContained)
    .map(({ template }) =>
      template
        .map((piece, at) => {
          if (at === 0) return piece;
          next += 1;
          return `$${next}${piece}`;
        })
        .join(""),
    );
  return parts.length === 0 ? null : parts.join(" AND ");
}

import { InvalidArgumentError } from "@upshift/foundation";
import type { ColumnFacts, TableFacts, UniqueKey } from "../../catalog/table-facts.ts";
import { UnknownColumnError } from "../../postgres-errors.ts";
import { fitted } from "./fitted.ts";

/** The columns of a key, and how PostgreSQL tells whether two values of it are the same. */
export interface KeyColumn {
  readonly column: ColumnFacts;
  /** The key as the table would hold it, of the value as it comes. */
  stored(value: string): string;
  /** ` COLLATE …` of the index, or empty. */
  readonly collate: string;
  readonly isDeterministic: boolean;
}

export interface Key {
  readonly columns: readonly KeyColumn[];
  /** Two rows never share it by a NULL that is in both. */
  readonly isNullProof: boolean;
}

/**
 * The unique key over exactly these columns, in any order.
 *
 * @throws {UnknownColumnError}
 * @throws {InvalidArgumentError} when no unique constraint or full unique index is over them
 */
export function uniqueKeyOver(table: TableFacts, names: readonly string[], option: string): Key {
  for (const name of names) {
    if (!table.columns.has(name)) throw new UnknownColumnError(table, name);
  }
  const wanted = new Set(names);
  const key = table.uniqueKeys.find(
    ({ columns }) => columns.length === wanted.size && columns.every((name) => wanted.has(name)),
  );
  if (key !== undefined) return toKey(table, key);
  const known = table.uniqueKeys.map(({ columns }) => `(${columns.join(", ")})`).join(" ");
  throw new InvalidArgumentError(
    `\`${option}\` as the columns of a unique key of "${table.schema}.${table.name}" (it has ${known || "none"}; partial and deferrable ones cannot serve)`,
    `(${names.join(", ")})`,
  );
}

/** A unique key of the table. */
export function toKey(table: TableFacts, key: UniqueKey): Key {
  const columns = key.columns.flatMap((name, place) => {
    const column = table.columns.get(name);
    return column === undefined ? [] : [keyColumn(column, key.collations[place])];
  });
  return { columns, isNullProof: key.isNullProof };
}

function keyColumn(column: ColumnFacts, collation: UniqueKey["collations"][number]): KeyColumn {
  return {
    column,
    stored: (value) => fitted(value, column.lengthCast),
    collate: collation === undefined ? "" : ` COLLATE ${collation.sqlName}`,
    isDeterministic: collation?.isDeterministic ?? true,
  };
}

/** The columns of a key of the caller's choice, for a table's rows that are looked up by it. */
export function keyOf(table: TableFacts, names: readonly string[]): Key {
  const columns = names.map((name) => {
    const column = table.columns.get(name);
    if (column === undefined) throw new UnknownColumnError(table, name);
    return { ...keyColumn(column, column.collation), stored: (value: string) => value };
  });
  return { columns, isNullProof: false };
}

export interface OnConflictUpdate {
  readonly key: Key;
  /** What gets the new value; empty keeps the row as it is. */
  readonly update: readonly ColumnFacts[];
  readonly skipUnchanged: boolean;
  /** Locks the row also where nothing is updated, so that it can be read as it is. */
  readonly mustLock: boolean;
}

/**
 * `ON CONFLICT (key) DO UPDATE`. Rows that would stay as they are byte by byte are skipped by comparing their images: it works for types without equality
 * (json, point), and keeps a change that equality does not see (`a` to `A` in citext, `1.0` to `1.00`).
 */
export function onConflictUpdate({
  key,
  update,
  skipUnchanged,
  mustLock,
}: OnConflictUpdate): string {
  const target = key.columns.map(({ column }) => column.sqlName).join(", ");
  if (update.length === 0 && !mustLock) return `ON CONFLICT (${target}) DO NOTHING`;
  const set = (update.length > 0 ? update : key.columns.map(({ column }) => column))
    .map(({ sqlName }) => `${sqlName} = excluded.${sqlName}`)
    .join(", ");
  const image = (row: string): string =>
    `ROW(${update.map(({ sqlName }) => `${row}.${sqlName}`).join(", ")})::pg_catalog.record`;
  const changed = `${image("t")} OPERATOR(pg_catalog.*<>) ${image("excluded")}`;
  const where = update.length === 0 ? " WHERE false" : skipUnchanged ? ` WHERE ${changed}` : "";
  return `ON CONFLICT (${target}) DO UPDATE SET ${set}${where}`;
}

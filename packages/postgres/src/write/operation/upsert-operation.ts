import type { ColumnFacts, TableFacts } from "../../catalog/table-facts.ts";
import type { Connection } from "../../connection/connection.ts";
import { touchedRowCount } from "../../connection/run-statement.ts";
import type { Chunk } from "../input/chunk-reader.ts";
import { ColumnSets } from "../input/column-sets.ts";
import { pickRows, type RowGroup } from "../input/row-group.ts";
import type { Outcome } from "../run/outcome.ts";
import { type Key, onConflictUpdate } from "../statement/conflict-sql.ts";
import { insertSql } from "../statement/insert-sql.ts";
import { findRepeats, type KeyedRow, type Repeat } from "../statement/repeats.ts";
import { type Returning, type ReturningSql, returningSql } from "../statement/returning.ts";
import { type RowSourceSql, unnestSource } from "../statement/row-source-sql.ts";
import { selectByKeySql } from "../statement/update-sql.ts";
import type { IdentityOptions } from "../write-options.ts";
import { identityRules, type InsertOperation, isOverriding } from "./insert-operation.ts";
import { keyedRows } from "./keyed-rows.ts";
import { keepReturned } from "./numbered-rows.ts";

export interface UpsertOperationOptions extends IdentityOptions {
  readonly key: Key;
  /** What a row that is there gets of the new one; default all that the new one has, except the key. */
  readonly update: readonly ColumnFacts[] | undefined;
  readonly skipUnchanged: boolean;
  readonly returning: Returning | undefined;
  /** All rows of the input, where they are at hand: then the last one with a key is the last of all. Otherwise the last of its chunk. */
  readonly allRows: Iterable<KeyedRow> | undefined;
}

/** Inserts that update the row which has their key already. */
export function upsertOperation(
  table: TableFacts,
  options: UpsertOperationOptions,
): InsertOperation {
  const { key, skipUnchanged } = options;
  const returning =
    options.returning === undefined ? undefined : returningSql(table, options.returning);
  let repeatsOfAll: ReadonlyMap<number, Repeat> | undefined;
  const insert: InsertOperation["insert"] = async (connection, set, source, outcome) => {
    const update = updatedColumns(options, set.columns);
    const keyColumns = key.columns.map(({ column }) => column);
    const result = await connection.run({
      text: insertSql({
        table,
        columns: set.columns,
        source,
        isOverridingIdentity: isOverriding(set.columns, options),
        onConflict: onConflictUpdate({
          key,
          update,
          skipUnchanged,
          mustLock: returning !== undefined,
        }),
        // Calls that run at the same time lock the rows that they share in one order.
        orderBy: keyColumns.filter((column) => set.columns.includes(column)),
        returning,
      }),
      values: source.values,
      isPrepared: source.isPrepared,
    });
    const mayStay = skipUnchanged || update.length === 0;
    const hasKey = keyColumns.every((column) => set.columns.includes(column));
    if (returning !== undefined && mayStay && hasKey)
      await keepUnchanged(connection, { table, key, source, returning, outcome });
    if (returning !== undefined) keepReturned(result.rows, source, returning, outcome);
    outcome.rowCount += touchedRowCount(result);
  };
  return {
    table,
    sets: new ColumnSets(table, identityRules(options)),
    isOneStatement: returning === undefined || !skipUnchanged,
    async arrange(connection, chunk, outcome) {
      repeatsOfAll ??=
        options.allRows && (await findRepeats(connection, table, key, options.allRows));
      const repeats = repeatsOfAll ?? (await findRepeats(connection, table, key, keyedRows(chunk)));
      return withoutRepeats(table, chunk, repeats, outcome);
    },
    write: (connection, group, outcome) =>
      insert(connection, group.set, unnestSource(table, group), outcome),
    insert,
  };
}

function updatedColumns(
  { key, update }: UpsertOperationOptions,
  given: readonly ColumnFacts[],
): readonly ColumnFacts[] {
  if (update !== undefined) return update.filter((column) => given.includes(column));
  return given.filter(
    (column) => column.identity !== "always" && !key.columns.some((each) => each.column === column),
  );
}

interface Unchanged {
  readonly table: TableFacts;
  readonly key: Key;
  readonly source: RowSourceSql;
  readonly returning: ReturningSql;
  readonly outcome: Outcome;
}

/** A row that stays as it is was locked all the same, so a second statement of the transaction reads it as the first one found it. */
async function keepUnchanged(connection: Connection, unchanged: Unchanged): Promise<void> {
  const { table, key, source, returning, outcome } = unchanged;
  const { rows } = await connection.run({
    text: selectByKeySql({ table, key, source, returning }),
    values: source.values,
    isPrepared: source.isPrepared,
  });
  for (const row of rows) outcome.setRow(source.indexOf(Number(row["o"])), returning.toRow(row));
}

function withoutRepeats(
  table: TableFacts,
  { groups }: Chunk,
  repeats: ReadonlyMap<number, Repeat>,
  outcome: Outcome,
): readonly RowGroup[] {
  if (repeats.size === 0) return groups;
  return groups.flatMap((group) => {
    const kept: number[] = [];
    for (const [place, index] of group.indexes.entries()) {
      const lastIndex = repeats.get(index)?.lastIndex ?? index;
      if (lastIndex === index) kept.push(place);
      else {
        outcome.duplicateCount += 1;
        outcome.follow(index, lastIndex);
      }
    }
    if (kept.length === group.rows.length) return [group];
    return kept.length === 0 ? [] : [pickRows(table, group, kept)];
  });
}

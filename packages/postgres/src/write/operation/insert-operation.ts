import type { TableFacts } from "../../catalog/table-facts.ts";
import type { Connection } from "../../connection/connection.ts";
import { touchedRowCount } from "../../connection/run-statement.ts";
import { ColumnSets } from "../input/column-sets.ts";
import type { ColumnRules, ColumnSet } from "../input/column-sets.ts";
import type { BatchOperation } from "../run/batch-operation.ts";
import type { Outcome } from "../run/outcome.ts";
import { insertSql } from "../statement/insert-sql.ts";
import { type Returning, returningSql } from "../statement/returning.ts";
import { type RowSourceSql, unnestSource } from "../statement/row-source-sql.ts";
import type { IdentityOptions } from "../write-options.ts";
import { inInputOrder } from "./in-input-order.ts";
import { keepReturned } from "./numbered-rows.ts";

export interface InsertOperationOptions extends IdentityOptions {
  readonly returning?: Returning | undefined;
  /** `ON CONFLICT …`, or empty. */
  readonly onConflict: string;
}

export interface InsertOperation extends BatchOperation {
  /** Inserts rows of a source that has these columns. */
  insert(
    connection: Connection,
    set: ColumnSet,
    source: RowSourceSql,
    outcome: Outcome,
  ): Promise<void>;
}

/** Plain inserts. A row that meets a conflict with `ON CONFLICT DO NOTHING`, or that a trigger drops, leaves no result. */
export function insertOperation(
  table: TableFacts,
  options: InsertOperationOptions,
): InsertOperation {
  const returning =
    options.returning === undefined ? undefined : returningSql(table, options.returning);
  const insert: InsertOperation["insert"] = async (connection, { columns }, source, outcome) => {
    const result = await connection.run({
      text: insertSql({
        table,
        columns,
        source,
        isOverridingIdentity: isOverriding(columns, options),
        onConflict: options.onConflict,
        orderBy: [],
        returning,
      }),
      values: source.values,
      isPrepared: source.isPrepared,
    });
    if (returning !== undefined) keepReturned(result.rows, source, returning, outcome);
    outcome.rowCount += touchedRowCount(result);
  };
  return {
    table,
    sets: new ColumnSets(table, identityRules(options)),
    isOneStatement: true,
    // With `DO NOTHING` the first row of a key stays; everything else comes to the same in any order.
    arrange: async (connection, chunk) =>
      options.onConflict === "" || chunk.groups.length === 1
        ? chunk.groups
        : inInputOrder(connection, table, chunk),
    write: (connection, group, outcome) =>
      insert(connection, group.set, unnestSource(table, group), outcome),
    insert,
  };
}

export function identityRules({ overriding }: IdentityOptions): ColumnRules {
  const identity = { system: "write", user: "ignore", undefined: "refuse" } as const;
  return { identity: identity[overriding ?? "undefined"], key: [] };
}

/** Only where there is such a column: the clause changes nothing elsewhere, but foreign tables and views may refuse it. */
export function isOverriding(
  columns: ColumnSet["columns"],
  { overriding }: IdentityOptions,
): boolean {
  return overriding === "system" && columns.some(({ identity }) => identity === "always");
}

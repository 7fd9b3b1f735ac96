import type { TableFacts } from "../../catalog/table-facts.ts";
import type { Queryable } from "../../connection/queryable.ts";
import { withConnection } from "../../connection/with-connection.ts";
import { isCurrent } from "../statement/facts-guard.ts";
import { mayBeStale, TableChanged } from "./rejection.ts";

/** Whether rows were taken from the source. */
export interface Reading {
  hasBegun: boolean;
}

/**
 * Runs with the facts of the table that are known; once more with facts that are read anew, where the first run failed because they are no longer true and its rows can
 * still be read.
 */
export async function withFreshFacts<T>(
  options: { readonly rows: unknown; forget(): void },
  run: (reading: Reading) => Promise<T>,
): Promise<T> {
  const reading = { hasBegun: false };
  try {
    return await run(reading);
  } catch (error) {
    const canReadAgain = !reading.hasBegun || Array.isArray(options.rows);
    if (!mayBeStale(error) || !canReadAgain) throw error;
    options.forget();
    return run({ hasBegun: false });
  }
}

/**
 * Before rows that can be read only once.
 *
 * @throws {TableChanged}
 */
export async function assertCurrent(
  db: Queryable,
  table: TableFacts,
  signal: AbortSignal | undefined,
): Promise<void> {
  const current = await withConnection(db, (connection) => isCurrent(connection, table), {
    signal,
  });
  if (!current) throw new TableChanged();
}

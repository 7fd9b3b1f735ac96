import type { Connection } from "../../connection/connection.ts";
import { inTransaction } from "../../connection/in-transaction.ts";
import { canCopy } from "../copy/copy-in.ts";
import { mayCopy } from "../copy/copy-rows.ts";
import { CopyRejection } from "../copy/copy-rejection.ts";
import { copySlices } from "../copy/copy-slices.ts";
import { locateCopied } from "../copy/locate-copied.ts";
import { readRows, type RowReader } from "../input/row-source.ts";
import type { InsertOperation } from "../operation/insert-operation.ts";
import { Outcome } from "../run/outcome.ts";
import { TableChanged } from "../run/rejection.ts";
import { type Reading, withFreshFacts } from "../run/with-fresh-facts.ts";
import { isCurrent } from "../statement/facts-guard.ts";
import type { RunOptions, RunResult } from "../run/run-chunks.ts";
import { attemptUnderSavepoint } from "../run/savepoint.ts";
import { writeCarefully } from "../run/write-carefully.ts";
import type { Key } from "../statement/conflict-sql.ts";
import { dropRepeats } from "./drop-repeats.ts";
import { rangePart } from "./range-part.ts";
import { stageTable } from "./stage-table.ts";

export interface StagedOptions extends RunOptions {
  create(): Promise<InsertOperation>;
}

/**
 * Writes all rows or none: copies them into a temporary table, and from there in one statement per set of columns.
 *
 * @param keyOf - of the rows that give way to a later one; `undefined` for none
 * @returns `undefined`, with no row read, where the driver has no COPY or the role may make no temporary table
 */
export async function writeStaged(
  options: StagedOptions,
  keyOf?: (operation: InsertOperation) => Key,
): Promise<RunResult | undefined> {
  if (!mayCopy(options.db)) return undefined;
  return withFreshFacts(options, (reading) => writeOnce(options, keyOf, reading));
}

async function writeOnce(
  options: StagedOptions,
  keyOf: ((operation: InsertOperation) => Key) | undefined,
  reading: Reading,
): Promise<RunResult | undefined> {
  const { db, rows, signal } = options;
  const operation = await options.create();
  const { sets, table } = operation;
  const stage = stageTable(table);
  let reader: RowReader | undefined;
  try {
    return await inTransaction(
      db,
      async (connection) => {
        if (!(await mayStage(connection))) return undefined;
        if (!(await isCurrent(connection, table))) throw new TableChanged();
        reading.hasBegun = true;
        reader = readRows(rows, signal);
        const run = (text: string) => connection.run({ text, values: [] });
        await run(stage.create);
        const { target } = stage;
        const inputCount = await copySlices(connection, { target, sets, reader, signal });
        const outcome = new Outcome();
        const all = rangePart(operation, stage, { from: 0, to: inputCount }, outcome);
        const refused = await attemptUnderSavepoint(connection, async () => {
          if (keyOf !== undefined)
            await dropRepeats(connection, operation, stage, keyOf(operation), outcome);
        });
        // A key that cannot be read: the rows themselves will tell which.
        const isWritten =
          refused === undefined &&
          (await attemptUnderSavepoint(connection, () => all.write(connection))) === undefined;
        if (!isWritten) await writeCarefully(connection, table, [all]);
        await run(stage.drop);
        return { outcome, inputCount };
      },
      { signal },
    );
  } catch (error) {
    if (error instanceof CopyRejection) throw await locateCopied(options, operation, error);
    throw error;
  } finally {
    await reader?.close();
  }
}

async function mayStage(connection: Connection): Promise<boolean> {
  if (!canCopy(connection.driver)) return false;
  const { rows } = await connection.run<{ readonly may: boolean }>({
    text: "SELECT pg_catalog.has_database_privilege(pg_catalog.current_database(), 'TEMPORARY') AS may",
    values: [],
    isPrepared: true,
  });
  return rows[0]?.may === true;
}

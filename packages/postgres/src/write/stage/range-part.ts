import type { InsertOperation } from "../operation/insert-operation.ts";
import type { Outcome } from "../run/outcome.ts";
import type { Part } from "../run/write-carefully.ts";
import type { IndexRange, StageTable } from "./stage-table.ts";

/** Rows of the stage as a part that can be halved. */
export function rangePart(
  operation: InsertOperation,
  stage: StageTable,
  range: IndexRange,
  outcome: Outcome,
): Part {
  const { from, to } = range;
  const part = (own: IndexRange): Part => rangePart(operation, stage, own, outcome);
  const middle = from + ((to - from) >> 1);
  return {
    rowCount: to - from,
    async write(connection) {
      for (const set of operation.sets.known)
        await operation.insert(connection, set, stage.rows(set, range), outcome);
    },
    halves: () => [part({ from, to: middle }), part({ from: middle, to })],
    async suspect(connection) {
      const { rows } = await connection.run<{ readonly set: number }>({
        text: `SELECT set_number AS set FROM ${stage.sqlName} WHERE row_number = $1::text::pg_catalog.int8`,
        values: [String(from)],
      });
      const set = operation.sets.known.find(({ number }) => number === rows[0]?.set);
      return {
        table: operation.table,
        index: from,
        columns: set?.columns ?? [],
        only: (column) => ({
          ...stage.rows(set ?? NO_SET, { from, to: from + 1 }),
          valueOf: () => stage.valueOf(column),
        }),
      };
    },
  };
}

const NO_SET = { number: -1, columns: [], names: [], texts: [] } as const;

import type { Row } from "../../connection/queryable.ts";
import type { Outcome } from "../run/outcome.ts";
import type { ReturningSql } from "../statement/returning.ts";
import type { RowSourceSql } from "../statement/row-source-sql.ts";

/**
 * Puts what RETURNING gave where it belongs.
 *
 * @throws {Error} when a number is none of the statement's, or comes twice: then nothing says which row belongs to which input row. It has not been seen.
 */
export function keepReturned(
  rows: readonly Row[],
  source: RowSourceSql,
  returning: ReturningSql,
  outcome: Outcome,
): void {
  const seen = new Set<number>();
  for (const row of rows) {
    const index = source.indexOf(Number(row["o"]));
    if (!(index >= 0) || seen.has(index))
      throw new Error(`PostgreSQL returned row ${index} of the input twice, or none of it`);
    seen.add(index);
    outcome.setRow(index, returning.toRow(row));
  }
}

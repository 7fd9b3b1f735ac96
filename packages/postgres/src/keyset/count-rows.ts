import { InvalidArgumentError } from "@upshift/foundation";
import type { Connection } from "../connection/connection.ts";
import { sqlFromNumbered } from "../sql/sql-from-numbered.ts";
import { type CompiledSql, sql, verbatim } from "../sql/sql.ts";
import type { ResolvedOrder } from "./resolve-order.ts";

export interface RowCount {
  /** Rows that meet the filter; never more than the limit. */
  readonly value: number;
  /** There are more than `value`. */
  readonly isCapped: boolean;
}

/**
 * How far a request wants its rows counted; `undefined` for not at all.
 *
 * @throws {InvalidArgumentError}
 */
export function toCountLimit(
  count: boolean | number | undefined,
  defaultLimit: number,
): number | undefined {
  if (count === undefined || count === false) return undefined;
  const limit = count === true ? defaultLimit : count;
  if (!Number.isSafeInteger(limit) || limit < 1) {
    throw new InvalidArgumentError("`count` as true, or rows to count at most, > 0", count);
  }
  return limit;
}

/** Reads as many rows as it counts, so it stops at the limit. */
export async function countRows(
  connection: Connection,
  { from }: ResolvedOrder,
  where: CompiledSql | undefined,
  limit: number,
): Promise<RowCount> {
  const filter =
    where === undefined ? sql`` : sql` WHERE (${sqlFromNumbered(where.text, where.values)})`;
  const counting = sql`SELECT pg_catalog.count(*)::pg_catalog.text AS count FROM (SELECT FROM ${from}${filter} LIMIT ${verbatim(String(limit + 1))}) AS counted`;
  const { rows } = await connection.run<{ readonly count: string }>(counting.compile());
  const counted = Number(rows[0]?.count ?? 0);
  return { value: Math.min(counted, limit), isCapped: counted > limit };
}

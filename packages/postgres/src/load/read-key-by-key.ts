import type { Queryable, Row } from "../connection/queryable.ts";
import { sqlState } from "../connection/sql-state.ts";
import type { KeyedStatement } from "./keyed-select.ts";
import type { KeyTexts } from "./key-texts.ts";
import { readKeyed } from "./read-keyed.ts";

export type KeyOutcome = readonly Row[] | Error;

/**
 * As {@link readKeyed}, but a key that the server cannot read fails alone.
 *
 * After such an error the keys are asked for in halves, then in halves of the half that fails: few statements for one bad key among many. Inside of
 * a transaction of the caller's there is nothing to ask any more: the error is every key's.
 *
 * @throws what is no key's fault
 */
export async function readKeyByKey(
  db: Queryable,
  statement: KeyedStatement,
  keys: readonly KeyTexts[],
): Promise<readonly KeyOutcome[]> {
  try {
    return await readKeyed(db, statement, keys);
  } catch (error) {
    if (!(error instanceof Error) || !isOfAValue(error)) throw error;
    if (keys.length === 1) return [error];
    const half = Math.ceil(keys.length / 2);
    const outcomes: KeyOutcome[] = [];
    for (const part of [keys.slice(0, half), keys.slice(half)]) {
      try {
        outcomes.push(...(await readKeyByKey(db, statement, part)));
      } catch (next) {
        throw isAfterFailure(next) ? error : next;
      }
    }
    return outcomes;
  }
}

/** Class 22, data exception: text that is no value of the type, or out of its range. */
function isOfAValue(error: Error): boolean {
  return sqlState(error)?.startsWith("22") === true;
}

/** `in_failed_sql_transaction` */
function isAfterFailure(error: unknown): boolean {
  return sqlState(error) === "25P02";
}

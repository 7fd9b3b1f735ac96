import type { Connection } from "../connection/connection.ts";
import { sqlState } from "../connection/sql-state.ts";
import { NullKeyError } from "./keyset-errors.ts";
import { KEYS_COLUMN, type PageStatement, pageStatement } from "./page-statement.ts";
import type { Position } from "./position.ts";
import type { ResolvedKey, ResolvedOrder } from "./resolve-order.ts";
import type { FirstTexts } from "./first-texts.ts";
import type { Selection } from "./selection.ts";
import type { Sql } from "../sql/sql.ts";

export interface FetchPageOptions {
  readonly position: Position | undefined;
  readonly isBackward: boolean;
  /** Rows at most. */
  readonly size: number;
  readonly where: Sql | undefined;
  readonly selection: Selection;
  readonly prepared: FirstTexts;
}

/** Rows as they were selected, in the list's order whichever way the walk goes. */
export interface FetchedPage<R> {
  readonly rows: readonly R[];
  /** Of each row. */
  readonly positions: readonly Position[];
  /** In the walk's direction there are more. */
  readonly hasMore: boolean;
}

/**
 * One page, by one statement.
 *
 * @throws {NullKeyError}
 */
export async function fetchPage<R>(
  connection: Connection,
  order: ResolvedOrder,
  options: FetchPageOptions,
): Promise<FetchedPage<R>> {
  const statement = pageStatementOf(order, options);
  if (statement === undefined) return { rows: [], positions: [], hasMore: false };
  const raw = await runPrepared<R>(connection, statement, options.prepared);
  const hasMore = raw.length > options.size;
  const walked = hasMore ? raw.slice(0, options.size) : raw;
  const ordered = options.isBackward ? walked.toReversed() : walked;
  return {
    positions: ordered.map((row) => positionOf(row[KEYS_COLUMN], order.keys)),
    rows: ordered.map((row) => withoutKeys<R>(row, statement.hiddenNames)),
    hasMore,
  };
}

/** The statement that {@link fetchPage} runs; one row more than the page tells whether there is a next one. */
export function pageStatementOf(
  order: ResolvedOrder,
  { position, isBackward, size, where, selection }: Omit<FetchPageOptions, "prepared">,
): PageStatement | undefined {
  const { sql: select, names: outputNames } = selection;
  return pageStatement(order, {
    position,
    isBackward,
    limit: size + 1,
    where,
    select,
    outputNames,
  });
}

/** As the server gives it: what was asked for, and the keys. */
type RawRow<R> = R & { [KEYS_COLUMN]?: string };

/** What a server says of a prepared statement whose columns a migration has changed. */
const RESULT_TYPE_CHANGED = "0A000";

async function runPrepared<R>(
  connection: Connection,
  { sql }: PageStatement,
  prepared: FirstTexts,
): Promise<readonly RawRow<R>[]> {
  const compiled = sql.compile();
  const isPrepared = prepared.has(compiled.text);
  try {
    return (await connection.run<RawRow<R>>({ ...compiled, isPrepared })).rows;
  } catch (error) {
    if (!isPrepared || sqlState(error) !== RESULT_TYPE_CHANGED) throw error;
    prepared.exclude(compiled.text);
    try {
      return (await connection.run<RawRow<R>>(compiled)).rows;
    } catch {
      // Inside of the caller's transaction nothing runs any more: the first error says why.
      throw error;
    }
  }
}

/** The last property first: V8 takes it back without giving the object up as a dictionary. */
function withoutKeys<R>(raw: RawRow<R>, hiddenNames: readonly string[]): R {
  for (const name of hiddenNames.toReversed()) Reflect.deleteProperty(raw, name);
  delete raw[KEYS_COLUMN];
  return raw;
}

function positionOf(json: string | undefined, keys: readonly ResolvedKey[]): Position {
  const written: Position = JSON.parse(json ?? "[]");
  return written.map((text, index) => {
    const key = keys[index];
    if (text === null && key?.isNullable === false) throw new NullKeyError(index + 1);
    return text === null || key === undefined ? null : key.text.decode(text);
  });
}

import type { Connection } from "../connection/connection.ts";
import { sqlState } from "../connection/sql-state.ts";
import type { CompiledSql } from "../sql/sql.ts";
import { NullKeyError } from "./keyset-errors.ts";
import type { PageShape, PageShapes } from "./page-shapes.ts";
import { KEYS_COLUMN } from "./page-statement.ts";
import type { Position } from "./position.ts";
import type { ResolvedKey, ResolvedOrder } from "./resolve-order.ts";
import type { Selection } from "./selection.ts";

/** What one page is made of. */
export interface PageFetch {
  /** Where it begins; `undefined` at the end that the walk comes from. */
  readonly position: Position | undefined;
  readonly isBackward: boolean;
  /** Rows at most. */
  readonly size: number;
  readonly where: CompiledSql | undefined;
  readonly selection: Selection;
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
  page: PageFetch,
  shapes: PageShapes,
): Promise<FetchedPage<R>> {
  const shape = shapes.of(order, page);
  if (shape === undefined) return { rows: [], positions: [], hasMore: false };
  const raw = await runShape(connection, shape, page);
  const hasMore = raw.length > page.size;
  const walked = hasMore ? raw.slice(0, page.size) : raw;
  const ordered = page.isBackward ? walked.toReversed() : walked;
  const parts = ordered.map((row) => takeApart(row, shape.hiddenNames));
  return {
    rows: parts.map(({ row }) => row),
    positions: parts.map(({ keys }) => positionOf(keys, order.keys)),
    hasMore,
  };
}

/** As the server gives it: what was asked for, which has whatever type the caller says, and the keys. */
// oxlint-disable-next-line typescript/no-explicit-any
type RawRow = any;

/** What a server says of a prepared statement whose columns a migration has changed. */
const RESULT_TYPE_CHANGED = "0A000";

async function runShape(
  connection: Connection,
  shape: PageShape,
  page: PageFetch,
): Promise<readonly RawRow[]> {
  const { text, isPrepared } = shape;
  const statement = { text, values: shape.values(page) };
  try {
    return (await connection.run<RawRow>({ ...statement, isPrepared })).rows;
  } catch (error) {
    if (!isPrepared || sqlState(error) !== RESULT_TYPE_CHANGED) throw error;
    shape.isPrepared = false;
    try {
      return (await connection.run<RawRow>(statement)).rows;
    } catch {
      // Inside of the caller's transaction nothing runs any more: the first error says why.
      throw error;
    }
  }
}

/** A row as it was selected, and its keys. A copy: deleting a property would make a slow object of the driver's own. */
function takeApart(
  raw: RawRow,
  hiddenNames: readonly string[],
): { readonly row: RawRow; readonly keys: string } {
  const { [KEYS_COLUMN]: keys, ...row } = raw;
  for (const name of hiddenNames) delete row[name];
  return { row, keys };
}

function positionOf(json: string, keys: readonly ResolvedKey[]): Position {
  const written: Position = JSON.parse(json);
  return written.map((text, index) => {
    const key = keys[index];
    if (text === null && key?.isNullable === false) throw new NullKeyError(index + 1);
    return text === null || key === undefined ? null : key.text.decode(text);
  });
}

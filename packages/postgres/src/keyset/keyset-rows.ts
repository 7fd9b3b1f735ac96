import { InvalidArgumentError } from "@upshift/foundation";
import { abortable } from "../connection/abortable.ts";
import type { Queryable, Row } from "../connection/queryable.ts";
import { type Abortable, withConnection } from "../connection/with-connection.ts";
import { Sql } from "../sql/sql.ts";
import { fetchPage } from "./fetch-page.ts";
import type { KeysetSpec } from "./keyset-spec.ts";
import type { Position } from "./position.ts";
import { createPageShapes } from "./page-shapes.ts";
import { assertSpec, resolveOrder } from "./resolve-order.ts";
import { toSelection } from "./selection.ts";

export interface KeysetRowsSpec extends KeysetSpec {
  /** A condition that rows must meet. */
  readonly where?: Sql | undefined;
  /** Columns by name, or expressions as SQL. Default is all columns. */
  readonly select?: readonly string[] | Sql | undefined;
}

export interface KeysetRowsOptions extends Abortable {
  /** Rows per statement: what is in memory at once. Default is 1,000. */
  readonly pageSize?: number;
}

const DEFAULT_PAGE_SIZE = 1000;
const MOST_ROWS = 1_000_000;

/**
 * Walks a whole result by its keys, page after page. Between pages it holds no connection, no cursor and no snapshot: a slow consumer costs the server nothing, and rows
 * that change while it walks are seen as they are when it comes to them.
 *
 * @throws {InvalidArgumentError} at once when an option cannot work; at the first row when the order is not unique
 * @throws `signal.reason` when aborted
 */
export function keysetRows<R = Row>(
  db: Queryable,
  spec: KeysetRowsSpec,
  options: KeysetRowsOptions = {},
): AsyncGenerator<R, void, undefined> {
  assertSpec(spec);
  const { pageSize = DEFAULT_PAGE_SIZE } = options;
  if (!Number.isSafeInteger(pageSize) || pageSize < 1 || pageSize > MOST_ROWS) {
    throw new InvalidArgumentError(
      `\`pageSize\` as a whole number from 1 to ${MOST_ROWS}`,
      pageSize,
    );
  }
  if (spec.where !== undefined && !(spec.where instanceof Sql)) {
    throw new InvalidArgumentError("`where` as sql`…`", typeof spec.where);
  }
  return walk<R>(db, spec, pageSize, options.signal);
}

async function* walk<R>(
  db: Queryable,
  spec: KeysetRowsSpec,
  size: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<R, void, undefined> {
  signal?.throwIfAborted();
  const order = await abortable(resolveOrder(db, spec), signal);
  const selection = await abortable(toSelection(db, order, spec.select), signal);
  const where = spec.where?.compile();
  const shapes = createPageShapes();
  let position: Position | undefined;
  for (;;) {
    const from = position;
    const page = await withConnection(
      db,
      (connection) =>
        fetchPage<R>(
          connection,
          order,
          { position: from, isBackward: false, size, where, selection },
          shapes,
        ),
      { signal },
    );
    for (const row of page.rows) {
      signal?.throwIfAborted();
      yield row;
    }
    if (!page.hasMore) return;
    position = page.positions.at(-1);
  }
}

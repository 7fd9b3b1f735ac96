import { InvalidArgumentError } from "@upshift/foundation";
import type { Queryable, Row } from "../connection/queryable.ts";
import { withConnection } from "../connection/with-connection.ts";
import { type CompiledSql, Sql } from "../sql/sql.ts";
import { countRows, toCountLimit } from "./count-rows.ts";
import type { Cursors, ScopedCursors } from "./cursors/cursors.ts";
import { explainPage, type PageExplanation } from "./explain/explain-page.ts";
import type { PageWarning } from "./explain/page-warnings.ts";
import { fetchPage, type PageFetch } from "./fetch-page.ts";
import { InvalidCursorError } from "./keyset-errors.ts";
import type { KeysetSpec } from "./keyset-spec.ts";
import { orderReader } from "./order-reader.ts";
import { type Page, toPage } from "./page.ts";
import { type PageRequest, toWalk } from "./page-request.ts";
import { createPageShapes } from "./page-shapes.ts";
import type { Position } from "./position.ts";
import { assertSpec, type ResolvedOrder } from "./resolve-order.ts";
import { scopeOf } from "./scope.ts";
import { toSelection } from "./selection.ts";

export interface KeysetOptions extends KeysetSpec {
  readonly cursors: Cursors;
  /** Rows of a page that asks for no number. Default is 20, or `maxPageSize` where that is less. */
  readonly pageSize?: number;
  /** The most that `first` and `last` may ask for. Default is 100. */
  readonly maxPageSize?: number;
  /** Where `count: true` stops counting. Default is 10,000. */
  readonly countLimit?: number;
  /**
   * For development: told when no index has the order, or a plan reads far more than its page. Each statement is run once more for it, under EXPLAIN ANALYZE,
   * so leave it out in production.
   */
  readonly onWarning?: (warning: PageWarning) => void;
}

/** Gives pages of a list. Safe to call concurrently. */
export interface PageReader<R> {
  /**
   * @throws {InvalidCursorError} for a cursor that is not of this list, these filters and this binding
   * @throws {InvalidPageError} for a size or direction that cannot be
   */
  (request?: PageRequest): Promise<Page<R>>;
  /** How the server makes this page, and what is wrong with that. Runs it, under EXPLAIN ANALYZE, and rolls back. For development. */
  explain(request?: PageRequest): Promise<PageExplanation>;
}

const DEFAULT_PAGE_SIZE = 20;
const DEFAULT_MAX_PAGE_SIZE = 100;
const DEFAULT_COUNT_LIMIT = 10_000;

/**
 * Pages of a list by the keys of its order: a page costs the same however deep it lies, every row comes exactly once while rows do not change, and rows that come
 * or go between two pages shift nothing.
 *
 * @throws {InvalidArgumentError} at once when an option cannot work; at the first page when the order is not unique
 */
export function keyset<R = Row>(db: Queryable, options: KeysetOptions): PageReader<R> {
  assertSpec(options);
  const sizes = toSizes(options);
  const countLimit = toCountLimit(options.countLimit ?? DEFAULT_COUNT_LIMIT, 0);
  const { cursors, onWarning } = options;
  const readOrder = orderReader(db, options);
  const shapes = createPageShapes();

  const prepare = async (request: PageRequest): Promise<PreparedPage> => {
    request.signal?.throwIfAborted();
    const { isBackward, size, cursor } = toWalk(request, sizes);
    const where = compiledWhere(request.where);
    const order = await readOrder(request.signal);
    const selection = await toSelection(db, order, request.select);
    const scoped = cursors.inScope(scopeOf(order, where, request.bind));
    const position = cursor === undefined ? undefined : toPosition(scoped.decode(cursor), order);
    return { order, scoped, fetch: { position, isBackward, size, where, selection } };
  };

  const read = async (request: PageRequest = {}): Promise<Page<R>> => {
    const { signal } = request;
    const limit = toCountLimit(request.count, countLimit ?? DEFAULT_COUNT_LIMIT);
    const { order, scoped, fetch } = await prepare(request);
    const page = await withConnection(
      db,
      async (connection) => {
        const fetched = await fetchPage<R>(connection, order, fetch, shapes);
        const count =
          limit === undefined ? undefined : await countRows(connection, order, fetch.where, limit);
        return toPage({ fetched, ...fetch, cursors: scoped, count });
      },
      { signal },
    );
    const shape = onWarning && shapes.of(order, fetch);
    if (shape?.isExplained === false) {
      shape.isExplained = true;
      const { warnings } = await explainPage(db, order, fetch, { shape, signal });
      for (const warning of warnings) onWarning?.(warning);
    }
    return page;
  };

  const explain = async (request: PageRequest = {}): Promise<PageExplanation> => {
    const { order, fetch } = await prepare(request);
    const shape = shapes.of(order, fetch);
    return explainPage(db, order, fetch, { shape, signal: request.signal });
  };
  return Object.assign(read, { explain });
}

interface PreparedPage {
  readonly order: ResolvedOrder;
  readonly scoped: ScopedCursors;
  readonly fetch: PageFetch;
}

function toSizes({ pageSize, maxPageSize = DEFAULT_MAX_PAGE_SIZE }: KeysetOptions): {
  readonly pageSize: number;
  readonly maxPageSize: number;
} {
  if (!Number.isSafeInteger(maxPageSize) || maxPageSize < 1) {
    throw new InvalidArgumentError("`maxPageSize` as a whole number > 0", maxPageSize);
  }
  const size = pageSize ?? Math.min(DEFAULT_PAGE_SIZE, maxPageSize);
  if (!Number.isSafeInteger(size) || size < 1 || size > maxPageSize) {
    throw new InvalidArgumentError(`\`pageSize\` as a whole number from 1 to ${maxPageSize}`, size);
  }
  return { pageSize: size, maxPageSize };
}

function compiledWhere(where: Sql | undefined): CompiledSql | undefined {
  if (where === undefined || where instanceof Sql) return where?.compile();
  throw new InvalidArgumentError("`where` as sql`…`", typeof where);
}

/** A cursor of ours may be older than a migration that took the NULLs away. */
function toPosition(position: Position, { keys }: ResolvedOrder): Position {
  const fits = position.every((value, index) => value !== null || keys[index]?.isNullable === true);
  if (!fits) throw new InvalidCursorError();
  return position;
}

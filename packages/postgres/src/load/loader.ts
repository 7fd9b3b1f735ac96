import {
  type Clock,
  type Duration,
  InvalidArgumentError,
  systemClock,
  toMs,
} from "@upshift/foundation";
import DataLoader from "dataloader";
import { catalogOf, type TableName } from "../catalog/catalog.ts";
import type { ColumnFacts, TableFacts } from "../catalog/table-facts.ts";
import type { Queryable, Row } from "../connection/queryable.ts";
import { sqlState } from "../connection/sql-state.ts";
import { keyedStatement, type KeyedStatement } from "./keyed-select.ts";
import { keyWriter, type KeyTexts } from "./key-texts.ts";
import { KeyNotUniqueError, RowNotFoundError } from "./load-errors.ts";
import { cacheKey, LoaderCache } from "./loader-cache.ts";
import {
  type CheckedList,
  checkList,
  type ListOptions,
  type RowsOptions,
  selectedTable,
} from "./load-spec.ts";
import { readKeyByKey } from "./read-key-by-key.ts";

/** A column, or the columns of a composite key: then a key is a list of values in this order. */
export type KeyColumns = string | readonly [string, ...string[]];

export interface CacheOptions {
  /** Keys in one statement at most; 1 to 500, which is the default. */
  readonly maxBatchSize?: number;
  /** `false` asks for each key anew, still together with others of the tick. Default is `true`. */
  readonly cache?: boolean;
  /** How long a loaded row is remembered, should the loader live that long. Default `'30s'`. */
  readonly cacheFor?: Duration;
  readonly clock?: Clock;
}

export interface LoaderOptions extends RowsOptions, CacheOptions {
  /** What a key without a row gives: `null`, the default, or a {@link RowNotFoundError}. */
  readonly missing?: "null" | "error";
}

export interface ListLoaderOptions extends ListOptions, CacheOptions {}

/** How loaders are made. */
export interface LoaderFactory {
  /**
   * One row by its key, with the keys of a tick in one statement: a `DataLoader`. Keys are compared by the server, so an upper-case uuid, `'1'` for 1 or `1.50` for
   * `1.5` find their row. A key that the server cannot read, or that several rows have, fails alone.
   *
   * A loader remembers what it loaded and gives all callers of a key the same object: make loaders for each request, with {@link loaders}.
   *
   * @param key - a unique key of the table
   * @throws {InvalidArgumentError} for options that cannot be. `load` rejects with `UnknownTableError` or `UnknownColumnError` for names that are not there.
   */
  <R = Row, K = unknown>(
    db: Queryable,
    table: TableName,
    key: KeyColumns,
    options: LoaderOptions & { readonly missing: "error" },
  ): DataLoader<K, R, unknown>;
  <R = Row, K = unknown>(
    db: Queryable,
    table: TableName,
    key: KeyColumns,
    options?: LoaderOptions,
  ): DataLoader<K, R | null, unknown>;
  /** All rows of each key, or the first of each in an order; `[]` for a key without rows. */
  hasMany<R = Row, K = unknown>(
    db: Queryable,
    table: TableName,
    foreignKey: KeyColumns,
    options?: ListLoaderOptions,
  ): DataLoader<K, R[], unknown>;
}

const MAX_BATCH_SIZE = 500;

interface LoaderSpec extends CacheOptions {
  readonly db: Queryable;
  readonly table: TableName;
  readonly key: KeyColumns;
  readonly list: CheckedList;
  /** What the rows of one key come to. */
  toValue(outcome: readonly Row[], table: TableFacts): unknown;
}

function rowLoader<R, K>(
  db: Queryable,
  table: TableName,
  key: KeyColumns,
  { missing = "null", ...options }: LoaderOptions = {},
): DataLoader<K, R, unknown> {
  if (missing !== "null" && missing !== "error") {
    throw new InvalidArgumentError('`missing` as "null" or "error"', missing);
  }
  const names = toNames(key);
  const toValue = (rows: readonly Row[], facts: TableFacts): unknown => {
    if (rows.length > 1) return new KeyNotUniqueError(facts, names);
    return rows[0] ?? (missing === "null" ? null : new RowNotFoundError(facts, names));
  };
  return createLoader({ ...options, db, table, key, list: checkList(options), toValue });
}

function listLoader<R, K>(
  db: Queryable,
  table: TableName,
  foreignKey: KeyColumns,
  options: ListLoaderOptions = {},
): DataLoader<K, R[], unknown> {
  return createLoader({
    ...options,
    db,
    table,
    key: foreignKey,
    list: checkList(options),
    toValue: (rows) => rows,
  });
}

export const loader: LoaderFactory = Object.assign(rowLoader, { hasMany: listLoader });

// The caller says what its rows are.
// oxlint-disable-next-line typescript/no-explicit-any
function createLoader(spec: LoaderSpec): DataLoader<any, any, unknown> {
  const {
    maxBatchSize = MAX_BATCH_SIZE,
    cache = true,
    cacheFor = "30s",
    clock = systemClock,
  } = spec;
  if (!Number.isInteger(maxBatchSize) || maxBatchSize < 1 || maxBatchSize > MAX_BATCH_SIZE) {
    throw new InvalidArgumentError(`\`maxBatchSize\` from 1 to ${MAX_BATCH_SIZE}`, maxBatchSize);
  }
  const lifetimeMs = toMs(cacheFor, "cacheFor");
  toNames(spec.key);
  return new DataLoader((keys) => loadBatch(spec, keys), {
    maxBatchSize,
    cacheKeyFn: cacheKey,
    cacheMap: cache ? new LoaderCache(lifetimeMs, clock) : null,
  });
}

async function loadBatch(spec: LoaderSpec, keys: readonly unknown[]): Promise<unknown[]> {
  const { db, table: name, key } = spec;
  const catalog = catalogOf(db);
  const columns = await catalog.columns(name, toNames(key));
  const { statement, table } = await prepare(spec, columns);
  const write = keyWriter(columns);
  const texts = keys.map((asked) =>
    keyTextsOrError(write, typeof key === "string" ? [asked] : asked),
  );
  const readable = texts.flatMap((text) => (text instanceof Error ? [] : [text]));
  try {
    const outcomes = await readKeyByKey(db, statement, readable);
    let next = 0;
    return texts.map((text) => {
      if (text instanceof Error) return text;
      const outcome = outcomes[next];
      next += 1;
      if (outcome === undefined || outcome instanceof Error) return outcome;
      return spec.toValue(outcome, table);
    });
  } catch (error) {
    // The table is not what it was: the next batch reads it anew.
    if (sqlState(error)?.startsWith("42") === true) catalog.forget(name);
    throw error;
  }
}

async function prepare(
  { db, table: name, list }: LoaderSpec,
  keys: readonly ColumnFacts[],
): Promise<{ readonly statement: KeyedStatement; readonly table: TableFacts }> {
  const { table, columns } = await selectedTable(db, name, list);
  const { where, order, limit } = list;
  const statement = keyedStatement({
    table,
    keys,
    through: undefined,
    columns,
    where,
    order,
    limit,
  });
  return { statement, table };
}

function keyTextsOrError(
  write: (key: readonly unknown[]) => KeyTexts,
  key: unknown,
): KeyTexts | Error {
  try {
    return write(Array.isArray(key) ? key : []);
  } catch (error) {
    if (error instanceof Error) return error;
    throw error;
  }
}

function toNames(key: KeyColumns): readonly [string, ...string[]] {
  if (typeof key === "string") return [key];
  if (!Array.isArray(key) || key.length === 0) {
    throw new InvalidArgumentError("a key as a column's name, or a list of names", key);
  }
  return key;
}

import type { AsyncLocalStorage } from "node:async_hooks";
import { InvalidArgumentError } from "@upshift/foundation";
import type { PoolLike, QueryResult, Row } from "../../connection/queryable.ts";
import { Coalescer } from "./coalescer.ts";
import type { CoalesceStats } from "./coalesce-stats.ts";

export interface CoalesceOptions {
  /**
   * What keeps queries apart: the tenant, the role, whatever your pool sets on a connection by the request that it serves. An
   * `AsyncLocalStorage` whose store is it, or a function that gives it; compared by identity.
   *
   * Needed as soon as the pool's own `query` depends on anything but its arguments. Tables with row-level security are coalesced only with it.
   */
  readonly context?: Pick<AsyncLocalStorage<unknown>, "getStore"> | (() => unknown);
  /** `"auto"`, the default, coalesces what it can; `"marked"` only queries called with `{ text, values, coalesce: true }`. */
  readonly mode?: "auto" | "marked";
  /** Queries in one statement, at most; 2 to 500, which is the default. */
  readonly maxBatchSize?: number;
  /** `false` sends batches without preparing them: behind a pooler that loses prepared statements. Default is what the pool says of itself, else `true`. */
  readonly preparedStatements?: boolean;
}

/** pg's own options, and two of ours. */
export interface CoalescedQueryConfig {
  readonly text: string;
  readonly values?: unknown[];
  readonly name?: string;
  /** `false` sends it as it is; `true` coalesces it also in mode `"marked"`. */
  readonly coalesce?: boolean | undefined;
  /** Ends the wait with its reason. A statement that was sent runs to its end. */
  readonly signal?: AbortSignal | undefined;
}

/** What {@link coalesce} adds to a pool. */
export interface Coalesced {
  query<R = Row>(config: CoalescedQueryConfig): Promise<QueryResult<R>>;
  /** What was coalesced and what was not, with reasons; counted since the pool was wrapped. */
  stats(): CoalesceStats;
}

const MAX_BATCH_SIZE = 500;
/** What must not come before a query that waits: it may wait for the pool to be idle, or see it change. */
const FLUSHING_METHODS = new Set<string | symbol>(["connect", "end", "close"]);

/**
 * Wraps a pg `Pool`, or one of `createPool`, so that point queries of one tick become one statement, with no change to the code that asks.
 *
 * Coalesced is `SELECT columns FROM one_table WHERE key = $1 [AND key2 = $2 …] [LIMIT 1 of a unique key]`, called on the pool itself. Everything else
 * goes to the pool as it came: other statements, callbacks, cursors, connections from `connect()`, and so all transactions. `stats()` says why.
 *
 * Each caller gets what its query alone would have got: the same result object, or the same error. A query sees every write that was awaited before
 * it was called. Which of several rows comes first is as open as it is without ORDER BY.
 *
 * Beside pg's own options a query takes those of {@link CoalescedQueryConfig}.
 *
 * @returns the same pool with another `query`, and `stats`
 * @throws {InvalidArgumentError} when it is no pool, or `maxBatchSize` is out of range
 */
export function coalesce<P extends PoolLike>(
  pool: P,
  options: CoalesceOptions = {},
): P & Coalesced {
  const { context, mode = "auto", maxBatchSize = MAX_BATCH_SIZE, preparedStatements } = options;
  if (!("totalCount" in pool)) {
    throw new InvalidArgumentError(
      "a pg Pool, or one of createPool, to coalesce the queries of",
      typeof pool,
    );
  }
  if (!Number.isInteger(maxBatchSize) || maxBatchSize < 2 || maxBatchSize > MAX_BATCH_SIZE) {
    throw new InvalidArgumentError(`\`maxBatchSize\` from 2 to ${MAX_BATCH_SIZE}`, maxBatchSize);
  }
  const coalescer = new Coalescer({
    // Looked up at each call: a tracer may replace it later.
    send: (args) => callMethod(pool, "query", args),
    context: typeof context === "object" ? () => context.getStore() : context,
    isOptIn: mode === "marked",
    maxBatchSize,
    canPrepare: () => (preparedStatements ?? pool.preparedStatements) !== false,
    isOrdered: hasOneConnection(pool),
  });
  const query = (...args: readonly unknown[]): unknown => coalescer.query(args);
  const stats = (): CoalesceStats => coalescer.stats.read();
  const methods = new Map<unknown, unknown>();
  const wrapped: P = new Proxy(pool, {
    get(target, property) {
      if (property === "query") return query;
      if (property === "stats") return stats;
      const value: unknown = Reflect.get(target, property, target);
      if (typeof value !== "function" || property === "constructor") return value;
      const isFlushing = FLUSHING_METHODS.has(property);
      // Functions that are the pool's values, as its class of connections is, stay what they are.
      if (Object.hasOwn(target, property) && !isFlushing) return value;
      const known = methods.get(value);
      if (known !== undefined) return known;
      const method = (...args: readonly unknown[]): unknown => {
        if (isFlushing) coalescer.flush();
        const result: unknown = Reflect.apply(value, target, args);
        return result === target ? wrapped : result;
      };
      methods.set(value, method);
      return method;
    },
    has: (target, property) => property === "stats" || Reflect.has(target, property),
  });
  if (!isCoalesced(wrapped))
    throw new InvalidArgumentError("a pool that can be wrapped", typeof pool);
  return wrapped;
}

function isCoalesced<P extends object>(pool: P): pool is P & Coalesced {
  return "stats" in pool;
}

function callMethod(target: object, name: string, args: readonly unknown[]): unknown {
  const method: unknown = Reflect.get(target, name);
  if (typeof method !== "function") throw new TypeError(`${name} is not a function`);
  return Reflect.apply(method, target, args);
}

/** Of a pg Pool, or of the one below a pool of `createPool`. */
function hasOneConnection(pool: object): boolean {
  const primary: unknown = Reflect.get(pool, "primary");
  const options: unknown = Reflect.get(isObject(primary) ? primary : pool, "options");
  return isObject(options) && Reflect.get(options, "max") === 1;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

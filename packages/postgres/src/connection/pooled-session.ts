import type { Queryable } from "./queryable.ts";

/** Where a connection says that its session belongs to a pooler, which gives it to others between our transactions. */
const POOLED: unique symbol = Symbol.for("@upshift/postgres/pooled-session");

interface PooledOwner {
  readonly [POOLED]?: PooledSession;
}

/** What follows for a connection whose session is shared. */
export interface PooledSession {
  /**
   * Statements that every transaction begins with, in the round trip of its BEGIN: `; SET LOCAL …`, since nothing may be set on the session. Fixed
   * text; may be empty.
   */
  readonly preamble: string;
}

export function markAsPooled(connection: Queryable, session: PooledSession): void {
  Object.defineProperty(connection, POOLED, {
    value: session,
    configurable: true,
    enumerable: false,
  });
}

/** @returns `undefined` for a session of our own, and where nobody knows */
export function pooledSession(connection: Queryable & PooledOwner): PooledSession | undefined {
  return connection[POOLED];
}

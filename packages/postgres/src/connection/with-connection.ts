import { abortable } from "./abortable.ts";
import { type Connection, holdConnection } from "./connection.ts";
import { pooledSession } from "./pooled-session.ts";
import { isPoolLike, type PooledConnection, type Queryable } from "./queryable.ts";
import { unfitForPool } from "./unfit-for-pool.ts";
import { untilReady } from "./until-ready.ts";

/** What every call that takes time accepts. */
export interface Abortable {
  /** Ends the call with `signal.reason`; what was acquired is released and a running statement is cancelled on the server. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs `body` on one connection: of a pool, one that is checked out for it and released however the body ends; else the queryable itself.
 *
 * A pool's connection is closed instead of kept when it broke, was aborted while a statement ran, was discarded, or was left inside a transaction.
 * A connection that belongs to the caller stays theirs: after an abort the call ends once its statement has been cancelled.
 *
 * @throws `signal.reason` when aborted
 * @throws what acquiring or the body throws
 */
export async function withConnection<T>(
  db: Queryable,
  body: (connection: Connection) => Promise<T>,
  { signal }: Abortable = {},
): Promise<T> {
  signal?.throwIfAborted();
  if (!isPoolLike(db)) {
    const connection = holdConnection(db, signal, true);
    try {
      return await body(connection);
    } finally {
      await connection.idle();
    }
  }
  return holdClient(db, body, signal);
}

/** As `withConnection`, of what need not run statements itself. */
export async function holdClient<T>(
  pool: ConnectionSource,
  body: (connection: Connection) => Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
  signal?.throwIfAborted();
  const client = await checkOut(pool, signal);
  // A backend that dies while nobody waits on its connection is an event; without a listener it ends the process.
  const connection = holdConnection(client, signal, false);
  const onError = (error: Error): void => connection.discard(error);
  if (isErrorSource(client)) client.on("error", onError);
  try {
    return await body(connection);
  } finally {
    const left = connection.brokenBy ?? (await leftBusy(client, signal));
    const release = (): void => {
      if (isErrorSource(client)) client.removeListener("error", onError);
      client.release(connection.brokenBy ?? left);
    };
    // A pooler looks the statement up by its client, which must be there until it has.
    const { cancelling } = connection;
    if (cancelling === undefined || pooledSession(client) === undefined) release();
    else void cancelling.then(release);
  }
}

export interface ConnectionSource<Client extends PooledConnection = PooledConnection> {
  connect(): Promise<Client>;
}

interface ErrorSource {
  on(event: "error", listener: (error: Error) => void): unknown;
  removeListener(event: "error", listener: (error: Error) => void): unknown;
}

function isErrorSource(client: object): client is ErrorSource {
  return "on" in client && typeof client.on === "function";
}

/** An abort while the pool is exhausted must not lose the connection that is handed out later. */
export function checkOut<Client extends PooledConnection>(
  pool: ConnectionSource<Client>,
  signal: AbortSignal | undefined,
): Promise<Client> {
  const handedOut = pool.connect();
  return abortable(handedOut, signal, () => {
    handedOut.then(
      (client) => client.release(),
      () => undefined,
    );
  });
}

/** Why a connection whose body is done cannot be kept. */
async function leftBusy(
  client: Queryable,
  signal: AbortSignal | undefined,
): Promise<Error | undefined> {
  const ready = untilReady(client);
  try {
    if (ready !== undefined) await abortable(ready, signal);
  } catch {
    return new Error("aborted while a statement was running");
  }
  return unfitForPool(client);
}

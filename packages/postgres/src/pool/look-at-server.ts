import { hasErrorCode } from "@upshift/foundation";
import type { Row } from "../connection/queryable.ts";
import { withConnection } from "../connection/with-connection.ts";
import { startDeadline } from "./deadline.ts";
import type { PoolSettings } from "./pool-options.ts";
import type { Replica } from "./replica-set.ts";
import type { ServerPool } from "./server-pool.ts";
import { endOfRecord, parseLsn } from "./wal-position.ts";
import type { WalTimeline } from "./wal-timeline.ts";

/** Beyond the wait for a connection. */
const ANSWER_WITHIN_MS = 1_000;

const PRIMARY_SQL = "SELECT pg_catalog.pg_current_wal_insert_lsn()::text AS lsn";
const REPLICA_SQL =
  'SELECT pg_catalog.pg_is_in_recovery() AS "isReplica", pg_catalog.pg_last_wal_replay_lsn()::text AS lsn';

/**
 * Where the primary's log ends now.
 *
 * @throws what the server says; on a server that is itself in recovery, that it is
 */
export async function readPrimaryLsn(
  primary: ServerPool,
  settings: PoolSettings,
  signal?: AbortSignal,
): Promise<bigint> {
  const row = await ask(primary, PRIMARY_SQL, settings, signal);
  return endOfRecord(parseLsn(row["lsn"]) ?? 0n);
}

/** Never rejects: what is not known stays as it was. */
export async function lookAtPrimary(
  primary: ServerPool,
  timeline: WalTimeline,
  settings: PoolSettings,
): Promise<void> {
  try {
    const askedAtMs = settings.clock.now();
    timeline.record(await readPrimaryLsn(primary, settings), askedAtMs);
  } catch {
    // Whoever uses the primary is told; lag is measured again when it is back.
  }
}

/** Never rejects: a failure is a state of the replica. */
export async function lookAtReplica(
  { server, state }: Replica,
  timeline: WalTimeline,
  settings: PoolSettings,
): Promise<void> {
  const before = state.status;
  try {
    const row = await ask(server, REPLICA_SQL, settings);
    const replayedLsn = parseLsn(row["lsn"]) ?? 0n;
    state.answered({
      isReplica: row["isReplica"] === true,
      replayedLsn,
      lag: timeline.lagOf(replayedLsn),
    });
  } catch (error) {
    // All of its connections are busy, which is no failure of the server.
    if (hasErrorCode(error, "UPSHIFT_POOL_TIMEOUT") || hasErrorCode(error, "UPSHIFT_POOL_CLOSED"))
      return;
    state.failed();
    if (before !== "lost" && error instanceof Error) settings.onError(error, server.name);
  }
}

async function ask(
  server: ServerPool,
  text: string,
  { clock, connectionTimeoutMs }: PoolSettings,
  signal?: AbortSignal,
): Promise<Row> {
  const timeoutMs = connectionTimeoutMs + ANSWER_WITHIN_MS;
  const deadline = startDeadline({
    signal,
    timeoutMs,
    clock,
    reason: () => new Error(`${server.name} did not answer within ${timeoutMs} ms`),
  });
  try {
    const { rows } = await withConnection(
      server.pg,
      (connection) => connection.run({ text, values: [] }),
      { signal: deadline.signal },
    );
    return rows[0] ?? {};
  } finally {
    deadline.end();
  }
}

import type { TimerClock } from "@upshift/foundation";
import { requestCancel } from "../connection/cancel-request.ts";
import type { ClientLedger } from "./client-ledger.ts";
import type { CallerLine } from "./guarded-pool.ts";
import type { PgClient, PgPool } from "./pg-driver.ts";
import type { PoolClosedError } from "./pool-errors.ts";
import { socketOf } from "../connection/socket.ts";

export interface DrainPoolOptions {
  readonly pool: PgPool;
  readonly ledger: ClientLedger;
  readonly line: CallerLine;
  readonly clock: TimerClock;
  readonly timeoutMs: number;
  /** What those get that are not done in time. */
  readonly reason: PoolClosedError;
}

/** A caller in line may also give up, which no event tells. */
const LOOK_AGAIN_AFTER_MS = 50;

/** Closes a pool that takes no more callers: those that are there have `timeoutMs` to finish, then everything is taken from them. */
export async function drainPool(options: DrainPoolOptions): Promise<void> {
  const { pool, ledger, line, clock, timeoutMs, reason } = options;
  const giveUpAtMs = clock.now() + timeoutMs;
  while (ledger.busyCount + line.count > 0 && clock.now() < giveUpAtMs)
    await nextRelease(pool, clock, Math.min(giveUpAtMs - clock.now(), LOOK_AGAIN_AFTER_MS));
  for (const giveUp of line.giveUps) giveUp(reason);
  const ended = pool.ending ? Promise.resolve() : pool.end();
  const taken = ledger.busyClients().map(async (client) => {
    await requestCancel(client, false);
    if (ledger.isBusy(client)) takeBack(client, ledger, reason);
  });
  await Promise.all([ended, ...taken]);
}

/** Its statement fails, it is closed, and the release of whoever holds it does nothing any more. */
function takeBack(client: PgClient, ledger: ClientLedger, reason: Error): void {
  ledger.expect(reason);
  socketOf(client)?.destroy(reason);
  const release = client.release.bind(client);
  client.release = ignore;
  release(reason);
}

function nextRelease(pool: PgPool, clock: TimerClock, withinMs: number): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      cancel();
      pool.removeListener("release", done);
      resolve();
    };
    const cancel = clock.after(withinMs, done);
    pool.on("release", done);
  });
}

function ignore(): void {}

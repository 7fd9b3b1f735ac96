import type { TimerClock } from "@upshift/foundation";
import type { HangWatch } from "./hang-watch.ts";
import type { PgClient, PgPool } from "./pg-driver.ts";

/** Which connections of a pool are open and which are handed out, and what befell them. */
export interface ClientLedger {
  readonly openCount: number;
  /** Handed out. */
  readonly busyCount: number;
  readonly errorCount: number;
  longestHeldMs(): number;
  busyClients(): readonly PgClient[];
  isBusy(client: PgClient): boolean;
  /** Says that this failure is of our own making. */
  expect(error: Error): void;
}

export interface KeepLedgerOptions {
  readonly clock: TimerClock;
  readonly watch: HangWatch | undefined;
  /** Told once of each failure of a connection. */
  readonly onError: (error: Error) => void;
}

export function keepLedger(pool: PgPool, options: KeepLedgerOptions): ClientLedger {
  const { clock, watch, onError } = options;
  // One object per connection for as long as it is open: a map that grew and shrank with every statement would be most of the pool's garbage.
  const open = new Map<PgClient, { heldSinceMs: number | undefined }>();
  let busyCount = 0;
  const known = new WeakSet<Error>();
  let errorCount = 0;

  /** An idle client's failure comes by the pool and by the client itself. */
  const report = (error: Error): void => {
    // pg-pool hangs the whole client on it, with the values of its last statement, and does so between the two.
    Reflect.deleteProperty(error, "client");
    if (known.has(error)) return;
    known.add(error);
    errorCount += 1;
    onError(error);
  };
  pool.on("error", report);
  pool.on("connect", (client: PgClient) => {
    // pool.on("error") covers idle clients only; one that is handed out would end the process.
    client.on("error", report);
    open.set(client, { heldSinceMs: undefined });
    watch?.add(client);
  });
  pool.on("acquire", (client: PgClient) => {
    const state = open.get(client);
    if (state === undefined) return;
    if (state.heldSinceMs === undefined) busyCount += 1;
    state.heldSinceMs = clock.now();
  });
  pool.on("release", (_error: unknown, client: PgClient) => {
    const state = open.get(client);
    if (state?.heldSinceMs === undefined) return;
    state.heldSinceMs = undefined;
    busyCount -= 1;
  });
  pool.on("remove", (client: PgClient) => {
    open.delete(client);
    watch?.remove(client);
  });
  const isBusy = (client: PgClient): boolean => open.get(client)?.heldSinceMs !== undefined;

  return {
    get openCount() {
      return open.size;
    },
    get busyCount() {
      return busyCount;
    },
    isBusy,
    busyClients: () => [...open.keys()].filter(isBusy),
    get errorCount() {
      return errorCount;
    },
    longestHeldMs() {
      const nowMs = clock.now();
      const held = [...open.values()].map(({ heldSinceMs = nowMs }) => heldSinceMs);
      return nowMs - Math.min(nowMs, ...held);
    },
    expect: (error) => void known.add(error),
  };
}

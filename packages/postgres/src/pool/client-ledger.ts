import type { TimerClock } from "@upshift/foundation";
import type { HangWatch } from "./hang-watch.ts";
import type { PgClient, PgPool } from "./pg-driver.ts";

/** Which connections of a pool are open and which are handed out, and what befell them. */
export interface ClientLedger {
  /** Connection -> when it was handed out, in ms since the epoch. */
  readonly held: ReadonlyMap<PgClient, number>;
  readonly openCount: number;
  readonly errorCount: number;
  longestHeldMs(): number;
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
  const held = new Map<PgClient, number>();
  const open = new Set<PgClient>();
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
    open.add(client);
    watch?.add(client);
  });
  pool.on("acquire", (client: PgClient) => held.set(client, clock.now()));
  pool.on("release", (_error: unknown, client: PgClient) => held.delete(client));
  pool.on("remove", (client: PgClient) => {
    open.delete(client);
    watch?.remove(client);
  });

  return {
    held,
    get openCount() {
      return open.size;
    },
    get errorCount() {
      return errorCount;
    },
    longestHeldMs: () => clock.now() - Math.min(clock.now(), ...held.values()),
    expect: (error) => void known.add(error),
  };
}

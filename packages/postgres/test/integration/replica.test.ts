import {
  type PostgresServer,
  startPostgres,
  startReplica,
  startTcpProxy,
  type TcpProxy,
} from "@upshift/services";
import * as fc from "fast-check";
import { Client } from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { withConnection } from "../../src/connection/with-connection.ts";
import { type PoolUnderTest, poolOpener } from "../pool-under-test.ts";
import { until } from "../until.ts";

const IS_FULL = process.env["UPSHIFT_TEST_SCALE"] === "full";

let primary: PostgresServer;
let replicas: readonly [PostgresServer, PostgresServer];
beforeAll(async () => {
  primary = await startPostgres();
  await onServer(primary, "CREATE TABLE counter (n bigint); INSERT INTO counter VALUES (0)");
  replicas = [await startReplica(primary), await startReplica(primary)];
}, 120_000);
afterAll(async () => {
  await Promise.all([primary, ...replicas].map((server) => server.stop()));
});
beforeEach(async () => {
  for (const replica of replicas) await onServer(replica, "SELECT pg_wal_replay_resume()");
  await caughtUp();
});

async function onServer(server: PostgresServer, text: string): Promise<readonly unknown[]> {
  const client = new Client({ connectionString: server.url() });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}

async function caughtUp(): Promise<void> {
  const [end] = (await onServer(primary, "SELECT pg_current_wal_lsn()::text AS lsn")) as {
    lsn: string;
  }[];
  for (const replica of replicas)
    await until(async () => {
      const [row] = (await onServer(
        replica,
        `SELECT pg_last_wal_replay_lsn() >= '${end?.lsn}' AS done`,
      )) as { done: boolean }[];
      return row?.done === true;
    });
}

const pauseReplay = async (server: PostgresServer): Promise<void> => {
  await onServer(server, "SELECT pg_wal_replay_pause()");
  await until(async () => {
    const [row] = (await onServer(server, "SELECT pg_get_wal_replay_pause_state() AS state")) as {
      state: string;
    }[];
    return row?.state === "paused";
  });
};

/** The servers of tests commit without waiting for the log: it is written up to 0.6 s later, and replicas are behind by that much. */
const MAX_LAG_MS = 1_000;

const openPool = poolOpener(() => primary.url());
const QUICK = { healthInterval: 50 };

const openBoth = (options: Parameters<typeof openPool>[0] = {}): PoolUnderTest =>
  openPool({ ...QUICK, replicas: replicas.map((replica) => replica.url()), ...options });

/** The port of the server that has answered. */
async function portOf(db: {
  query(text: string): Promise<{ rows: { port: number }[] }>;
}): Promise<number> {
  const { rows } = await db.query("SELECT current_setting('port')::int AS port");
  return rows[0]?.port ?? 0;
}

const healthyCount = (db: PoolUnderTest): number =>
  db.gauges().replicas.filter(({ status }) => status === "healthy").length;

async function write(db: PoolUnderTest, n: number): Promise<string> {
  await db.query("UPDATE counter SET n = $1", [n]);
  return db.position();
}

const read = async (route: {
  query(text: string): Promise<{ rows: { n: string }[] }>;
}): Promise<number> => Number((await route.query("SELECT n FROM counter")).rows[0]?.n);

describe("reads", () => {
  test("go to each replica in turn, writes to the primary", async () => {
    const db = openBoth();
    await until(async () => (await portOf(db.read)) > 0 && healthyCount(db) === 2);
    const ports = new Set<number>();
    for (let round = 0; round < 6; round += 1) ports.add(await portOf(db.read));
    expect(ports).toEqual(new Set(replicas.map(({ port }) => port)));
    expect(await portOf(db)).toBe(primary.port);
    expect(await portOf(db.primary)).toBe(primary.port);
    expect(db.read.totalCount).toBeGreaterThanOrEqual(2);
    const refused = db.read.query("UPDATE counter SET n = n");
    await expect(refused).rejects.toMatchObject({ code: "25006" });
  });

  test("go to the replica that is least busy", async () => {
    const db = openBoth();
    await until(async () => (await portOf(db.read)) > 0 && healthyCount(db) === 2);
    const held = await db.read.connect();
    const busyPort = await portOf(held);
    for (let round = 0; round < 5; round += 1) expect(await portOf(db.read)).not.toBe(busyPort);
    held.release();
  });

  test("go to the primary where there are no replicas, and all of this package's functions take the route", async () => {
    const alone = openPool();
    expect(await portOf(alone.read)).toBe(primary.port);
    const db = openBoth();
    const { rows } = await withConnection(db.read, (connection) =>
      connection.run({ text: "SELECT pg_is_in_recovery() AS is", values: [], isPrepared: true }),
    );
    expect(rows).toEqual([{ is: true }]);
  });

  test("the first one waits until a replica is known, and an abort ends the wait", async () => {
    const db = openBoth();
    expect(await portOf(db.read)).not.toBe(primary.port);
    const proxy = await startTcpProxy({ port: replicas[0].port });
    onTestFinished(() => proxy.stop());
    proxy.pause();
    const hung = openBoth({ replicas: [addressOf(replicas[0], proxy)] });
    const abort = new AbortController();
    const reading = hung.read.query("SELECT 1", [], abort);
    abort.abort(new Error("enough"));
    await expect(reading).rejects.toThrow("enough");
  });
});

function addressOf(server: PostgresServer, { port }: TcpProxy): string {
  const url = new URL(server.url());
  url.port = String(port);
  return url.href;
}

describe("a replica that is behind", () => {
  test("is left alone beyond the lag that is allowed, and read again when it has caught up", async () => {
    const db = openBoth({ maxLag: MAX_LAG_MS });
    await until(async () => (await portOf(db.read)) > 0 && healthyCount(db) === 2);
    await pauseReplay(replicas[0]);
    await write(db, 1);
    await until(async () => {
      const [first] = db.gauges().replicas;
      return (first?.lagMs ?? 0) > MAX_LAG_MS && (first?.lagBytes ?? 0) > 0;
    });
    for (let round = 0; round < 6; round += 1) expect(await portOf(db.read)).toBe(replicas[1].port);
    // A route that allows more still reads it.
    const patient = db.replica({ maxLag: "1h" });
    const ports = new Set<number>();
    for (let round = 0; round < 6; round += 1) ports.add(await portOf(patient));
    expect(ports).toContain(replicas[0].port);

    await pauseReplay(replicas[1]);
    await write(db, 2);
    await until(async () => (await portOf(db.read)) === primary.port);
    expect(await db.health()).toMatchObject({
      isHealthy: true,
      replicas: [
        { status: "up", isRead: false },
        { status: "up", isRead: false },
      ],
    });
    for (const replica of replicas) await onServer(replica, "SELECT pg_wal_replay_resume()");
    await until(async () => (await portOf(db.read)) !== primary.port);
    expect(db.failures).toEqual([]);
  });

  test("is not one that nothing is written to", async () => {
    const db = openBoth({ maxLag: MAX_LAG_MS });
    await until(async () => (await portOf(db.read)) > 0 && healthyCount(db) === 2);
    // Many intervals without a write; `now() - pg_last_xact_replay_timestamp()` is far above the limit meanwhile.
    let looks = 0;
    await until(async () => {
      expect(await portOf(db.read)).not.toBe(primary.port);
      looks += 1;
      return looks > 60;
    });
  });
});

describe("a replica that goes away", () => {
  test("costs no read that had not begun, and is read again when it is back", async () => {
    const proxy = await startTcpProxy({ port: replicas[0].port });
    onTestFinished(() => proxy.stop());
    const db = openBoth({ replicas: [addressOf(replicas[0], proxy)], connectionTimeout: 500 });
    await until(async () => (await portOf(db.read)) === replicas[0].port);
    proxy.refuse(true);
    proxy.cut();
    await until(() => db.gauges().replicas[0]?.totalCount === 0);
    for (let round = 0; round < 3; round += 1) expect(await portOf(db.read)).toBe(primary.port);
    await until(() => db.gauges().replicas[0]?.status === "lost");
    expect(db.failures.length).toBeGreaterThan(0);
    proxy.refuse(false);
    await until(async () => (await portOf(db.read)) === replicas[0].port);
  });

  test("by hanging is found out, and holds no read for longer than a look at it", async () => {
    const proxy = await startTcpProxy({ port: replicas[0].port });
    onTestFinished(() => proxy.stop());
    const db = openBoth({
      replicas: [addressOf(replicas[0], proxy)],
      connectionTimeout: 200,
      hangTimeout: 200,
    });
    await until(async () => (await portOf(db.read)) === replicas[0].port);
    proxy.pause();
    await until(() => db.gauges().replicas[0]?.status === "lost");
    expect(await portOf(db.read)).toBe(primary.port);
    proxy.resume();
    await until(async () => (await portOf(db.read)) === replicas[0].port);
  });

  test(
    "by being promoted is not read any more: it shows another history",
    { timeout: 120_000 },
    async () => {
      const rebel = await startReplica(primary);
      onTestFinished(() => rebel.stop());
      const db = openBoth({ replicas: [rebel.url()] });
      await until(async () => (await portOf(db.read)) === rebel.port);
      await onServer(rebel, "SELECT pg_promote()");
      await onServer(rebel, "UPDATE counter SET n = -1");
      await until(() => db.gauges().replicas[0]?.status === "promoted");
      expect(await read(db.read)).not.toBe(-1);
      expect(await portOf(db.read)).toBe(primary.port);
    },
  );

  test("takes reads with it only while it is the one that answers: a lost primary leaves them", async () => {
    const proxy = await startTcpProxy({ port: primary.port });
    onTestFinished(() => proxy.stop());
    const db = openBoth({
      primary: addressOf(primary, proxy),
      maxLag: MAX_LAG_MS,
      connectionTimeout: 300,
    });
    await until(async () => (await portOf(db.read)) > 0 && healthyCount(db) === 2);
    proxy.refuse(true);
    proxy.cut();
    await expect(db.query("SELECT 1")).rejects.toThrow(/./);
    let looks = 0;
    await until(async () => {
      expect(await portOf(db.read)).not.toBe(primary.port);
      looks += 1;
      return looks > 60;
    });
    expect((await db.health()).isHealthy).toBe(false);
  });
});

describe("reads after a position", () => {
  test("wait for a replica, and go to the primary when it takes too long", async () => {
    const db = openBoth();
    const before = await write(db, 10);
    const there = await db.read.after(before, { timeout: "10s" });
    expect(await read(there)).toBe(10);
    expect(await portOf(there)).not.toBe(primary.port);

    for (const replica of replicas) await pauseReplay(replica);
    const after = await write(db, 11);
    const late = await db.read.after(after, { timeout: 50 });
    expect(await read(late)).toBe(11);
    expect(await portOf(late)).toBe(primary.port);
    expect(await read(db.read)).toBe(10);

    const waiting = db.read.after(after, { timeout: "20s" });
    await onServer(replicas[1], "SELECT pg_wal_replay_resume()");
    const found = await waiting;
    expect(await read(found)).toBe(11);
    expect(await portOf(found)).toBe(replicas[1].port);
  });

  test("can be aborted, refuse what is no position, and ask for nothing without one", async () => {
    const db = openBoth();
    for (const replica of replicas) await pauseReplay(replica);
    const position = await write(db, 20);
    const abort = new AbortController();
    const waiting = db.read.after(position, { timeout: "1m", signal: abort.signal });
    await until(() => healthyCount(db) === 2);
    abort.abort(new Error("enough"));
    await expect(waiting).rejects.toThrow("enough");
    await expect(db.read.after("1.FFFFFFFFF.0")).rejects.toMatchObject({
      code: "UPSHIFT_INVALID_POSITION",
    });
    expect(await portOf(await db.read.after(undefined))).not.toBe(primary.port);
  });

  test("are load on a replica that does not grow with those who wait", async () => {
    const db = openBoth({ max: 2 });
    await until(async () => (await portOf(db.read)) > 0 && healthyCount(db) === 2);
    for (const replica of replicas) await pauseReplay(replica);
    const position = await write(db, 30);
    const before = db.gauges().replicas[0]?.acquire.count ?? 0;
    await Promise.all(Array.from({ length: 200 }, () => db.read.after(position, { timeout: 300 })));
    const looks = (db.gauges().replicas[0]?.acquire.count ?? 0) - before;
    expect(looks).toBeLessThan(100);
    expect(db.gauges().replicas[0]?.acquire.timeoutCount).toBe(0);
  });

  test(
    "never show anything older than the position, over thousands of writes and reads with replicas that stop and go",
    { timeout: 600_000 },
    async () => {
      const db = openBoth({ maxLag: "1h", max: 4 });
      let n = 1_000;
      let fromReplicas = 0;
      const operation = fc.oneof(
        { weight: 8, arbitrary: fc.constant("write and read" as const) },
        { weight: 4, arbitrary: fc.constant("read again" as const) },
        { weight: 1, arbitrary: fc.constant("pause first" as const) },
        { weight: 1, arbitrary: fc.constant("pause second" as const) },
        { weight: 2, arbitrary: fc.constant("resume" as const) },
      );
      const known: { position: string; n: number }[] = [];
      const stale: unknown[] = [];
      const perform = async (what: string): Promise<void> => {
        if (what === "pause first") await onServer(replicas[0], "SELECT pg_wal_replay_pause()");
        else if (what === "pause second")
          await onServer(replicas[1], "SELECT pg_wal_replay_pause()");
        else if (what === "resume") {
          for (const replica of replicas) await onServer(replica, "SELECT pg_wal_replay_resume()");
        } else {
          if (what === "write and read") known.push({ position: await write(db, (n += 1)), n });
          const entry = known[Math.floor(known.length * 0.9)] ?? known.at(-1);
          for (const wanted of [entry, known.at(-1)]) {
            if (wanted === undefined) continue;
            const route = await db.read.after(wanted.position, { timeout: 5 });
            const { rows } = await route.query<{ n: string; replica: boolean }>(
              "SELECT n, pg_is_in_recovery() AS replica FROM counter",
            );
            if (rows[0]?.replica === true) fromReplicas += 1;
            if (!(Number(rows[0]?.n) >= wanted.n)) stale.push({ wanted, got: rows[0] });
          }
        }
      };
      await fc.assert(
        fc.asyncProperty(
          fc.array(operation, { minLength: 20, maxLength: 60 }),
          async (operations) => {
            for (const what of operations) await perform(what);
            expect(stale).toEqual([]);
          },
        ),
        { seed: 5, numRuns: IS_FULL ? 100 : 8, endOnFailure: true },
      );
      expect(fromReplicas).toBeGreaterThan(20);
    },
  );
});

test("nothing runs after close, and nothing before the first read", async () => {
  const db = openBoth();
  await db.query("SELECT 1");
  expect(db.gauges().replicas.map(({ totalCount }) => totalCount)).toEqual([0, 0]);
  await until(async () => (await portOf(db.read)) > 0 && healthyCount(db) === 2);
  await db.close();
  const counts = () => db.gauges().replicas.map(({ acquire }) => acquire.count);
  const before = counts();
  let turns = 0;
  await until(() => (turns += 1) > 60);
  expect(counts()).toEqual(before);
  expect(db.gauges().replicas.map(({ totalCount }) => totalCount)).toEqual([0, 0]);
  await expect(db.read.query("SELECT 1")).rejects.toMatchObject({ code: "UPSHIFT_POOL_CLOSED" });
});

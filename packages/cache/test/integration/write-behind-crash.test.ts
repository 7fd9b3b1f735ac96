import { setTimeout as pause } from "node:timers/promises";
import { connectRedis } from "@upshift/redis";
import {
  bringRedis,
  componentSkips,
  startRedis,
  startRedisCluster,
  type TestDatabase,
} from "@upshift/services";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { expectWritten, handInChanges } from "../write-behind/changes.ts";
import { type Child, startDrainer } from "../write-behind/child.ts";
import { openHandIn } from "../write-behind/hand-in.ts";
import { createRows, stepsBack } from "../write-behind/rows.ts";
import { seededRandom } from "../write-behind/seeded-random.ts";

const skips = await componentSkips("write-behind", bringRedis);
const isFull = process.env["UPSHIFT_TEST_SCALE"] === "full";

/** Kills a drainer now and then, or does something else, until told. */
async function kill(
  drainers: Child[],
  args: readonly string[],
  signal: AbortSignal,
  instead: (killCount: number) => Promise<boolean>,
): Promise<number> {
  const random = seededRandom(5);
  let killCount = 0;
  while (!signal.aborted) {
    await pause(50 + random() * 150);
    killCount += 1;
    if (await instead(killCount)) continue;
    const index = Math.floor(random() * drainers.length);
    await drainers[index]?.end("SIGKILL");
    drainers[index] = await startDrainer(args);
  }
  return killCount;
}

describe.skipIf(skips.isMissing)("write-behind under crashes", () => {
  let database: TestDatabase;
  beforeEach(async () => {
    database = await createRows();
  });
  afterEach(() => database?.drop());

  test(
    "every acknowledged change is in the database or superseded, and none was applied out of order, whoever is killed",
    { timeout: isFull ? 900_000 : 240_000 },
    async () => {
      const server = await startRedis({ settings: { appendonly: "yes", appendfsync: "always" } });
      const redis = connectRedis(server.url, { timeout: "1s" });
      const args = [server.url, database.url, "row", "700ms"];
      const drainers = [await startDrainer(args), await startDrainer(args)];
      const handedIn = new AbortController();
      try {
        const store = openHandIn(redis);
        const killed = kill(drainers, args, handedIn.signal, async (killCount) => {
          if (killCount % 4 !== 2) return false;
          await server.kill();
          await server.restart();
          return true;
        });
        const size = {
          changeCount: isFull ? 100_000 : 10_000,
          keyCount: 1_000,
          workerCount: 50,
          pauseMs: 40,
        };
        const expected = await handInChanges(store, size).finally(() => handedIn.abort());
        expect(await killed).toBeGreaterThan(4);
        await store.flush({ timeoutMs: 60_000 });
        await expectWritten(database, expected);
        expect(await stepsBack(database)).toBe(0);
        const keys = (await server.command("KEYS", "*")).match(/^\{.*$/gm) ?? [];
        expect(keys.filter((key) => !key.trim().endsWith(":meta"))).toEqual([]);
        await store.close();
        for (const drainer of drainers) await drainer.end("SIGTERM");
      } finally {
        for (const drainer of drainers) await drainer.end();
        await redis.close();
        await server.stop();
      }
    },
  );

  test(
    "the same holds on a cluster, whose masters share the keys",
    { timeout: 240_000 },
    async () => {
      const cluster = await startRedisCluster();
      const redis = connectRedis(cluster.nodes, { timeout: "2s" });
      const args = [JSON.stringify(cluster.nodes), database.url, "row", "700ms"];
      const drainers = [await startDrainer(args), await startDrainer(args)];
      const handedIn = new AbortController();
      try {
        const store = openHandIn(redis);
        const killed = kill(drainers, args, handedIn.signal, async () => false);
        const size = {
          changeCount: isFull ? 20_000 : 5_000,
          keyCount: 500,
          workerCount: 25,
          pauseMs: 20,
        };
        const expected = await handInChanges(store, size).finally(() => handedIn.abort());
        await killed;
        const sizes = cluster.masters.map((master) => master.command("DBSIZE"));
        expect(await Promise.all(sizes)).not.toContain(":0");
        await store.flush({ timeoutMs: 60_000 });
        await expectWritten(database, expected);
        expect(await stepsBack(database)).toBe(0);
        await store.close();
        for (const drainer of drainers) await drainer.end("SIGTERM");
      } finally {
        for (const drainer of drainers) await drainer.end();
        await redis.close();
        await cluster.stop();
      }
    },
  );

  test(
    "after a master is lost what is handed in from then on is written, and nothing is stuck",
    { timeout: 240_000 },
    async () => {
      const cluster = await startRedisCluster();
      const redis = connectRedis(cluster.nodes, { timeout: "2s" });
      const drainer = await startDrainer([
        JSON.stringify(cluster.nodes),
        database.url,
        "row",
        "700ms",
      ]);
      try {
        const store = openHandIn(redis);
        const size = { changeCount: 400, keyCount: 100, workerCount: 25, pauseMs: 10 };
        await handInChanges(store, size);
        await cluster.masters[0]?.kill();
        // The same rows again: what the new master had not received is superseded.
        const expected = await handInChanges(store, {
          ...size,
          changeCount: 2_000,
          fromStep: 1_000,
        });
        await store.flush({ timeoutMs: 60_000 });
        const rows = await database.query("SELECT id FROM row WHERE a > 1000 OR b > 1000");
        expect(rows.length).toBe(expected.size);
        expect(await stepsBack(database)).toBe(0);
        await store.close();
        await drainer.end("SIGTERM");
      } finally {
        await drainer.end();
        await redis.close();
        await cluster.stop();
      }
    },
  );
});

import { setTimeout as pause } from "node:timers/promises";
import { connectRedis, type Redis } from "@upshift/redis";
import {
  bringRedis,
  componentSkips,
  type RedisServer,
  startRedis,
  type TestDatabase,
} from "@upshift/services";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Child, startDrainer } from "../write-behind/child.ts";
import { openHandIn } from "../write-behind/hand-in.ts";
import { createRows, stepsBack } from "../write-behind/rows.ts";
import { seededRandom } from "../write-behind/seeded-random.ts";

const skips = await componentSkips("write-behind", bringRedis);
const isFull = process.env["UPSHIFT_TEST_SCALE"] === "full";
const CHANGE_COUNT = isFull ? 100_000 : 10_000;
const KEY_COUNT = 1_000;
const WORKER_COUNT = 50;

/** Repeats what may or may not have happened until it has: a change sets fields, so twice is once. */
async function untilAcknowledged(change: () => Promise<unknown>): Promise<void> {
  for (;;) {
    try {
      await change();
      return;
    } catch {
      await pause(20);
    }
  }
}

describe.skipIf(skips.isMissing)("write-behind under crashes", () => {
  let server: RedisServer;
  let redis: Redis;
  let database: TestDatabase;
  beforeAll(async () => {
    server = await startRedis({ settings: { appendonly: "yes", appendfsync: "always" } });
    redis = connectRedis(server.url, { timeout: "1s" });
    database = await createRows();
  });
  afterAll(async () => {
    await redis?.close();
    await server?.stop();
    await database?.drop();
  });

  test(
    "every acknowledged change is in the database or superseded, and none was applied out of order, whoever is killed",
    { timeout: isFull ? 900_000 : 240_000 },
    async () => {
      const random = seededRandom(5);
      const args = [server.url, database.url, "row", "700ms"];
      const drainers: Child[] = [];
      for (let index = 0; index < 2; index += 1) drainers.push(await startDrainer(args));
      const store = openHandIn(redis);
      const expected = new Map<string, { a?: number; b?: number }>();
      let acknowledgedCount = 0;
      const handedIn = new AbortController();

      const worker = async (own: number): Promise<void> => {
        const draw = seededRandom(1_000 + own);
        for (let step = 1; step <= CHANGE_COUNT / WORKER_COUNT; step += 1) {
          const key = `k${own + WORKER_COUNT * Math.floor(draw() * (KEY_COUNT / WORKER_COUNT))}`;
          const row = expected.get(key) ?? {};
          const kind = draw();
          const change = kind < 0.4 ? { a: step, b: step } : kind < 0.7 ? { a: step } : { b: step };
          const isWhole = kind < 0.4;
          await untilAcknowledged(() =>
            isWhole ? store.put(key, change) : store.patch(key, change),
          );
          expected.set(key, { ...row, ...change });
          acknowledgedCount += 1;
        }
      };
      let killCount = 0;
      const killing = async (): Promise<void> => {
        while (!handedIn.signal.aborted) {
          await pause(100 + random() * 300);
          if (killCount % 8 === 4) {
            await server.kill();
            await server.restart();
          } else {
            const index = Math.floor(random() * drainers.length);
            await drainers[index]?.end("SIGKILL");
            drainers[index] = await startDrainer(args);
          }
          killCount += 1;
        }
      };
      const killed = killing();
      await Promise.all(Array.from({ length: WORKER_COUNT }, (_, index) => worker(index)));
      handedIn.abort();
      await killed;
      expect(acknowledgedCount).toBe(CHANGE_COUNT);
      expect(killCount).toBeGreaterThan(5);

      await store.flush({ timeoutMs: 60_000 });
      const rows = await database.query("SELECT id, a, b FROM row");
      const written = new Map(rows.map(({ id, a, b }) => [id, { a, b }]));
      expect(written.size).toBe(expected.size);
      for (const [key, { a = null, b = null }] of expected)
        expect(written.get(key), key).toEqual({ a, b });
      expect(await stepsBack(database)).toBe(0);
      const left = await redis.send(["KEYS", "*"]);
      expect(Array.isArray(left) && left.filter((key) => !/:meta$/.test(String(key)))).toEqual([]);
      await store.close();
      for (const drainer of drainers) await drainer.end("SIGTERM");
    },
  );
});

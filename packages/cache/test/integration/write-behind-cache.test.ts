import { createPool, type Pool, upsertMany } from "@upshift/postgres";
import { connectRedis, type Redis } from "@upshift/redis";
import {
  bringRedis,
  componentSkips,
  type RedisServer,
  startRedis,
  type TestDatabase,
} from "@upshift/services";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createCache } from "../../src/cache.ts";
import type { Definition } from "../../src/definition/definition-options.ts";
import { writeBehind } from "../../src/write-behind/write-behind.ts";
import type { Row } from "../write-behind/hand-in.ts";
import { createRows, stepsBack } from "../write-behind/rows.ts";

const skips = await componentSkips("write-behind", bringRedis);

describe.skipIf(skips.isMissing)("a cache that writes behind", () => {
  let server: RedisServer;
  let database: TestDatabase;
  let db: Pool;
  const connections: Redis[] = [];
  const caches: { close(): Promise<void> }[] = [];
  beforeAll(async () => {
    [server, database] = await Promise.all([startRedis(), createRows()]);
    db = createPool({ primary: database.url });
  });
  afterAll(async () => {
    for (const cache of caches) await cache.close();
    for (const connection of connections) await connection.close();
    await db?.close();
    await server?.stop();
    await database?.drop();
  });

  /** As another process would: a connection and a memory of its own. */
  const open = (): Definition<string, Row> => {
    const redis = connectRedis(server.url, { timeout: "5s" });
    const cache = createCache({ namespace: "shop", redis });
    connections.push(redis);
    caches.push(cache);
    return cache.define<string, Row>("row", {
      policy: { ttl: "1h" },
      load: async (id) => {
        const { rows } = await db.query<Row>("SELECT a, b FROM row WHERE id = $1", [id]);
        return rows[0];
      },
      write: writeBehind(
        async (changes, { signal }) => {
          await upsertMany(
            db,
            "row",
            changes.map(({ key, value, patch, sequence }) => ({
              id: key,
              ...value,
              ...patch,
              sequence,
            })),
            { conflict: ["id"], signal },
          );
        },
        { mode: "patch", maxDelay: 20, attempts: 2, backoff: { max: 200 } },
      ),
    });
  };

  test("what one process has set or patched every other sees at once, before, while and after it is written", async () => {
    const [writer, reader] = [open(), open()];
    await writer.set("1", { a: 0, b: 0 }, { consistency: "strict" });
    expect(await reader.get("1")).toEqual({ a: 0, b: 0 });
    for (let step = 1; step <= 200; step += 1) {
      const strictly = { consistency: "strict" } as const;
      if (step % 10 === 0) await writer.set("1", { a: step, b: step }, strictly);
      else await writer.patch("1", { a: step }, strictly);
      expect((await reader.get("1"))?.a).toBe(step);
      expect((await writer.get("1"))?.a).toBe(step);
    }
    await writer.pending?.flush();
    expect(await database.query("SELECT a, b FROM row")).toEqual([{ a: 200, b: 200 }]);
    expect(await reader.get("1")).toEqual({ a: 200, b: 200 });
    expect(await stepsBack(database)).toBe(0);
  });

  test("readers see the database's row again when a change was given up", async () => {
    const [writer, reader] = [open(), open()];
    await writer.set("2", { a: 1, b: 1 });
    await writer.pending?.flush();
    const overflow = 2 ** 40;
    await writer.patch("2", { a: overflow }, { consistency: "strict" });
    expect((await reader.get("2"))?.a).toBe(overflow);
    await expect
      .poll(async () => (await reader.get("2"))?.a, { timeout: 25_000, interval: 100 })
      .toBe(1);
    expect(await writer.pending?.deadLetters()).toMatchObject([
      { change: { patch: { a: overflow } } },
    ]);
  }, 60_000);
});

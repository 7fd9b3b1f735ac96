import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import {
  bringRedis,
  componentSkips,
  type RedisCluster,
  type RedisServer,
  startRedis,
  startRedisCluster,
} from "@upshift/services";
import { createSimulatedClock } from "@upshift/foundation/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connectRedis } from "../../src/connect/connect-redis.ts";
import { leaderboard } from "../../src/leaderboard/leaderboard.ts";
import type { Redis } from "../../src/redis.ts";
import { seededRandom } from "../seeded-random.ts";

const skips = await componentSkips("leaderboards", bringRedis);
const STEPS = process.env["UPSHIFT_TEST_SCALE"] === "full" ? 10_000 : 1_500;
const LARGEST = Number.MAX_SAFE_INTEGER;
const WRITER = fileURLToPath(new URL("../fixtures/leaderboard-writer.mjs", import.meta.url));

const ids = (entries: readonly { readonly id: string }[]) => entries.map(({ id }) => id);

describe.skipIf(skips.isMissing).each(["ioredis", "node-redis"] as const)(
  "leaderboards over %s",
  (client) => {
    let server: RedisServer;
    let redis: Redis;
    beforeAll(async () => {
      server = await startRedis();
      redis = connectRedis(server.url, { client });
    });
    afterAll(async () => {
      await redis?.close();
      await server?.stop();
    });
    let boards = 0;
    const name = () => `board-${(boards += 1)}`;

    test("the example of the page runs", async () => {
      const board = leaderboard(redis, "game", { windows: ["all", "daily", "weekly"] });
      await board.increment({ ada: 30, grace: 50 });
      await board.increment({ ada: 20 });
      expect(await board.top(10)).toEqual([
        { id: "grace", score: 50, rank: 1, position: 0 },
        { id: "ada", score: 50, rank: 1, position: 1 },
      ]);
      expect(await board.rank("ada")).toMatchObject({ rank: 1, position: 1 });
      expect(ids(await board.window("daily").around("ada"))).toEqual(["grace", "ada"]);
    });

    test("who reached a score first comes first, and a score that does not change keeps its place", async () => {
      for (const leads of ["high", "low"] as const) {
        const board = leaderboard(redis, name(), { leads });
        for (const id of ["b", "c", "a"]) await board.set({ [id]: 7 });
        await board.set({ b: 7 });
        await board.increment({ b: 0 });
        expect(ids(await board.top(9)), leads).toEqual(["b", "c", "a"]);
        await board.set({ b: 8 });
        await board.set({ b: 7 });
        expect(ids(await board.top(9)), leads).toEqual(["c", "a", "b"]);
      }
    });

    test("equal scores share a rank, the next comes after all of them", async () => {
      const board = leaderboard(redis, name());
      await board.set({ a: 9, b: 5, c: 5, d: 1 });
      expect((await board.top(9)).map(({ rank }) => rank)).toEqual([1, 2, 2, 4]);
      expect(await board.page({ offset: 2, limit: 1 })).toEqual([
        { id: "c", score: 5, rank: 2, position: 2 },
      ]);
      expect(await board.rank("d")).toEqual({ id: "d", score: 1, rank: 4, position: 3 });
      expect(await board.rank("nobody")).toBe(undefined);
      expect(ids(await board.around("c", { before: 1, after: 1 }))).toEqual(["b", "c", "d"]);
      expect(ids(await board.around("a", { before: 3, after: 0 }))).toEqual(["a"]);
      expect(await board.around("nobody")).toEqual([]);
      expect(await board.top(0)).toEqual([]);
      expect(await board.count()).toBe(4);
      expect(await board.remove(["a", "nobody"])).toBe(1);
      expect(await board.rank("b")).toMatchObject({ rank: 1 });
      await board.clear();
      expect(await board.count()).toBe(0);
    });

    test("scores stay exact up to 2^53 - 1, and none goes beyond: nothing is changed then, on no window", async () => {
      const board = leaderboard(redis, name(), { windows: ["all", "daily"] });
      await board.set({ a: LARGEST - 1, b: LARGEST, c: -LARGEST });
      expect(await board.increment({ a: 1 })).toEqual(new Map([["a", LARGEST]]));
      expect((await board.top(2)).map(({ score }) => score)).toEqual([LARGEST, LARGEST]);
      await expect(board.increment({ d: 1, a: 1 })).rejects.toMatchObject({
        code: "UPSHIFT_SCORE_OVERFLOW",
        details: { id: "a" },
      });
      await expect(board.increment({ c: -1 })).rejects.toMatchObject({
        code: "UPSHIFT_SCORE_OVERFLOW",
      });
      expect(await board.rank("d")).toBe(undefined);
      expect(await board.window("daily").count()).toBe(3);
      await expect(board.set({ x: 0.5 })).rejects.toThrow(/safe integer/);
      await expect(board.set({ x: LARGEST + 1 })).rejects.toThrow(/safe integer/);
      await expect(board.set({ "": 1 })).rejects.toThrow(/ids/);
    });

    test("best keeps the better score, by what leads", async () => {
      const high = leaderboard(redis, name());
      await high.best({ a: 5 });
      expect(await high.best({ a: 3, b: 1 })).toEqual(
        new Map([
          ["a", 5],
          ["b", 1],
        ]),
      );
      const low = leaderboard(redis, name(), { leads: "low" });
      await low.best({ a: 5 });
      expect(await low.best({ a: 3, b: 9 })).toEqual(
        new Map([
          ["a", 3],
          ["b", 9],
        ]),
      );
      expect(ids(await low.top(2))).toEqual(["a", "b"]);
    });

    test("a board of limited size keeps the best, and no trace of the others", async () => {
      for (const [leads, kept] of [
        ["high", ["e", "d", "c"]],
        ["low", ["a", "b", "c"]],
      ] as const) {
        const board = name();
        const limited = leaderboard(redis, board, { leads, maxSize: 3 });
        await limited.set({ a: 1, b: 2, c: 3 });
        await limited.set({ d: 4, e: 5 });
        expect(ids(await limited.top(9))).toEqual(kept);
        expect(await server.command("HLEN", `leaderboard:{${board}}:all:ids`)).toBe(":3");
      }
    });

    test("a window begins anew by the calendar, can be read when it is over, and expires", async () => {
      const clock = createSimulatedClock(Date.parse("2026-12-31T23:59:59Z"));
      const board = leaderboard(redis, name(), { windows: ["daily", "all"], keep: "2d", clock });
      await board.set({ a: 1 });
      await clock.advance(1_000);
      expect(await board.count()).toBe(0);
      await board.set({ b: 2 });
      expect(ids(await board.top(9))).toEqual(["b"]);
      expect(ids(await board.window("daily", 1).top(9))).toEqual(["a"]);
      expect(ids(await board.window("all").top(9))).toEqual(["b", "a"]);
      const keys = (await server.command("KEYS", `*{board-${boards}}*`))
        .split("\r\n")
        .filter((line) => line.startsWith("leader"));
      expect(keys).toHaveLength(9);
      const lives = await Promise.all(keys.map((key) => server.command("PTTL", key)));
      const daily = lives.filter((_, index) => !keys[index]?.includes(":all"));
      // Two days after the end of a day of at most 25 hours.
      for (const life of daily)
        expect(Number(life.slice(1))).toBeLessThanOrEqual(3 * 86_400_000 + 3_600_000);
      for (const life of daily) expect(Number(life.slice(1))).toBeGreaterThan(3 * 86_400_000);
      expect(lives.filter((life) => life === ":-1")).toHaveLength(3);
    });

    test("any text is an id", async () => {
      const board = leaderboard(redis, name());
      const odd = ["0000000000000001", "a\r\nb", "é\0", "__proto__", " ", "x".repeat(1_000)];
      await board.set(new Map(odd.map((id, index) => [id, index])));
      expect(ids(await board.top(9))).toEqual(odd.toReversed());
      for (const id of odd) expect(await board.rank(id)).toMatchObject({ id });
    });

    test("wrong arguments are refused at once", () => {
      expect(() => leaderboard(redis, "a{b}")).toThrow(/braces/);
      expect(() => leaderboard(redis, "a", { maxSize: 1.5 })).toThrow(/maxSize/);
      expect(() => leaderboard(redis, "a", { windows: ["all", "all"] })).toThrow(/windows/);
      expect(() => leaderboard(redis, "a", { timeZone: "Mars" })).toThrow(/timeZone/);
      expect(() => leaderboard(redis, "a").window("daily")).toThrow(/window/);
      expect(() => leaderboard(redis, "a").window("all", 1)).toThrow(/back/);
    });

    test(
      "200 callers in each of 4 processes leave every point counted once",
      { timeout: 60_000 },
      async () => {
        const board = name();
        const writers = Array.from({ length: 4 }, () =>
          spawn(process.execPath, [WRITER, server.url, board, "200", "5"], {
            stdio: ["ignore", "ignore", "inherit"],
          }),
        );
        const codes = await Promise.all(
          writers.map(async (writer) => (await once(writer, "exit"))[0] as number),
        );
        expect(codes).toEqual([0, 0, 0, 0]);
        const top = await leaderboard(redis, board).top(100);
        // Each caller adds 1 to 5 to one of ten ids, by its own number; 4 processes alike.
        const expected = new Map<string, number>();
        for (let caller = 0; caller < 200; caller++) {
          const id = `player${caller % 10}`;
          expected.set(id, (expected.get(id) ?? 0) + 4 * (1 + 2 + 3 + 4 + 5));
        }
        expect(new Map(top.map(({ id, score }) => [id, score]))).toEqual(expected);
      },
    );

    test(`${STEPS} random steps give what a sorted list would`, { timeout: 120_000 }, async () => {
      for (const leads of ["high", "low"] as const) {
        const random = seededRandom(leads === "high" ? 7 : 8);
        const upTo = (limit: number) => Math.floor(random() * limit);
        const board = leaderboard(redis, name(), { leads });
        /** Kept in order of when the score was reached. */
        let model: { id: string; score: number }[] = [];
        const put = (id: string, score: number) => {
          if (model.find((each) => each.id === id)?.score === score) return;
          model = [...model.filter((each) => each.id !== id), { id, score }];
        };
        const sign = leads === "high" ? -1 : 1;
        const ranked = () =>
          model
            .toSorted((left, right) => sign * (left.score - right.score))
            .map(({ id, score }, position, all) => ({
              id,
              score,
              rank: all.findIndex((each) => each.score === score) + 1,
              position,
            }));
        /** Each does one thing on the board and on the model, and gives both answers. */
        const steps: readonly ((
          id: string,
          old: number | undefined,
          value: number,
        ) => Promise<readonly [unknown, unknown]>)[] = [
          async (id, _old, value) => {
            put(id, value);
            return [await board.set({ [id]: value }), undefined];
          },
          async (id, old = 0, value) => {
            put(id, old + value);
            return [(await board.increment({ [id]: value })).get(id), old + value];
          },
          async (id, old, value) => {
            if (old === undefined || sign * (value - old) < 0) put(id, value);
            const score = model.find((each) => each.id === id)?.score;
            return [(await board.best({ [id]: value })).get(id), score];
          },
          async (id, old) => {
            model = model.filter((each) => each.id !== id);
            return [await board.remove(id), old === undefined ? 0 : 1];
          },
          async () => {
            const offset = upTo(6);
            return [await board.page({ offset, limit: 4 }), ranked().slice(offset, offset + 4)];
          },
          async (id) => [await board.rank(id), ranked().find((each) => each.id === id)],
          async (id) => {
            const at = ranked().findIndex((each) => each.id === id);
            const expected = at < 0 ? [] : ranked().slice(Math.max(0, at - 2), at + 3);
            return [await board.around(id, { before: 2, after: 2 }), expected];
          },
        ];
        for (let step = 0; step < STEPS / 2; step++) {
          const id = `p${upTo(12)}`;
          const old = model.find((each) => each.id === id)?.score;
          const [got, expected] = (await steps[upTo(steps.length)]?.(id, old, upTo(7) - 3)) ?? [];
          expect(got, `step ${step}`).toEqual(expected);
        }
        expect(await board.top(20)).toEqual(ranked());
      }
    });
  },
);

describe.skipIf(skips.isMissing)("a board in a cluster", () => {
  let cluster: RedisCluster;
  beforeAll(async () => {
    cluster = await startRedisCluster();
  });
  afterAll(() => cluster?.stop());

  test("keeps all keys of a name on one node, whatever their windows", async () => {
    const redis = connectRedis(cluster.nodes, { timeout: "10s" });
    for (const board of ["one", "two", "three"]) {
      const windows = leaderboard(redis, board, {
        windows: ["all", "daily", "weekly", "monthly", "hourly"],
      });
      await windows.increment({ a: 1, b: 2 });
      expect(await windows.window("weekly").top(1)).toMatchObject([{ id: "b", score: 2 }]);
    }
    await redis.close();
  });
});

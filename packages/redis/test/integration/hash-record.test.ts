import { bringRedis, componentSkips, type RedisServer, startRedis } from "@upshift/services";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, expectTypeOf, test } from "vitest";
import { connectRedis } from "../../src/connect/connect-redis.ts";
import { json, nullable, optional } from "../../src/hash-record/field.ts";
import { hashRecord } from "../../src/hash-record/hash-record.ts";
import type { Redis } from "../../src/redis.ts";
import { seededRandom } from "../seeded-random.ts";

const skips = await componentSkips("hash records", bringRedis);
const STEPS = process.env["UPSHIFT_TEST_SCALE"] === "full" ? 10_000 : 1_500;

describe.skipIf(skips.isMissing).each(["ioredis", "node-redis"] as const)(
  "hash records over %s",
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

    const schema = {
      name: "string",
      visits: "number",
      points: "bigint",
      isAdmin: "boolean",
      bornAt: nullable("date"),
      nickname: optional("string"),
      settings: optional(json((value) => value as { theme: string })),
    } as const;
    const ada = {
      name: "Ada",
      visits: 1.5,
      points: 12n,
      isAdmin: true,
      bornAt: null,
      settings: { theme: "dark" },
    };
    const fresh = () => hashRecord(redis, `user-${Math.random()}`, schema);

    test("the example of the page runs", async () => {
      const users = hashRecord(redis, "user", { name: "string", visits: "number" }, { ttl: "1h" });
      await users.put("42", { name: "Ada", visits: 1 });
      expect(await users.increment("42", "visits", 1)).toBe(2);
      expect(await users.pick("42", ["visits"])).toEqual({ visits: 2 });
      expect(await users.ttlMs("42")).toBeGreaterThan(3_500_000);
    });

    test("a record reads back with its types, and what is missing is missing", async () => {
      const users = fresh();
      expect(await users.get("1")).toBe(undefined);
      await users.put("1", ada);
      const found = await users.get("1");
      expect(found).toEqual(ada);
      expect(Object.hasOwn(found ?? {}, "nickname")).toBe(false);
      expectTypeOf(found?.bornAt).toEqualTypeOf<Date | null | undefined>();
      expectTypeOf(found?.points).toEqualTypeOf<bigint | undefined>();
      const part = await users.pick("1", ["bornAt", "nickname"]);
      expect(part).toEqual({ bornAt: null });
      expectTypeOf(part?.bornAt).toEqualTypeOf<Date | null | undefined>();
      expectTypeOf(part?.nickname).toEqualTypeOf<string | undefined>();
      expect(await users.pick("1", ["nickname"])).toEqual({});
      expect(await users.pick("2", ["nickname"])).toBe(undefined);
      await expect(users.pick("1", [] as never)).rejects.toMatchObject({
        code: "UPSHIFT_INVALID_ARGUMENT",
      });
    });

    test("pick asks for no field that was not named", async () => {
      const users = fresh();
      await users.put("1", ada);
      await server.command("CONFIG", "RESETSTAT");
      await users.pick("1", ["visits"]);
      const stats = await server.command("INFO", "commandstats");
      expect(stats).toMatch(/cmdstat_hmget:calls=1/);
      expect(stats).not.toContain("hgetall");
    });

    test("put leaves nothing of the record before it", async () => {
      const users = fresh();
      await users.put("1", { ...ada, nickname: "Countess" });
      await users.put("1", { ...ada, name: "Grace" });
      expect(await users.get("1")).toEqual({ ...ada, name: "Grace" });
    });

    test("an update of what has expired brings no record with holes back", async () => {
      const users = fresh();
      expect(await users.update("1", { visits: 3 })).toBe(false);
      expect(await users.increment("1", "visits", 1)).toBe(undefined);
      expect(await users.compareAndSet("1", {}, { visits: 3 })).toBe("missing");
      expect(await users.exists("1")).toBe(false);
    });

    test("an update keeps the time to live; reads and writes of a sliding record start it anew", async () => {
      const still = hashRecord(redis, "still", { n: "number" }, { ttl: "1h" });
      const sliding = hashRecord(redis, "sliding", { n: "number" }, { ttl: "1h", sliding: true });
      const leftAfter = async (records: typeof still, key: string, act: () => Promise<unknown>) => {
        await records.put("1", { n: 1 });
        await server.command("PEXPIRE", key, "60000");
        await act();
        return (await records.ttlMs("1")) ?? 0;
      };
      expect(
        await leftAfter(still, "still:1", () => still.update("1", { n: 2 })),
      ).toBeLessThanOrEqual(60_000);
      expect(await leftAfter(still, "still:1", () => still.get("1"))).toBeLessThanOrEqual(60_000);
      expect(await leftAfter(sliding, "sliding:1", () => sliding.get("1"))).toBeGreaterThan(60_000);
      expect(
        await leftAfter(sliding, "sliding:1", () => sliding.increment("1", "n", 1)),
      ).toBeGreaterThan(60_000);
      expect(
        await leftAfter(sliding, "sliding:1", () => sliding.update("1", { n: 2 })),
      ).toBeGreaterThan(60_000);
    });

    test("numbers add as in JavaScript, bigints within 64 bits", async () => {
      const users = fresh();
      await users.put("1", { ...ada, visits: 0.1, points: 9_223_372_036_854_775_806n });
      expect(await users.increment("1", "visits", 0.2)).toBe(0.1 + 0.2);
      expect(await users.increment("1", "points", 1n)).toBe(9_223_372_036_854_775_807n);
      const broken = { code: "UPSHIFT_HASH_FIELD" };
      await expect(users.increment("1", "points", 1n)).rejects.toMatchObject(broken);
      expect(await users.increment("1", "visits", Number.MAX_VALUE)).toBe(Number.MAX_VALUE);
      await expect(users.increment("1", "visits", Number.MAX_VALUE)).rejects.toMatchObject(broken);
      const amount = fc.double({ noNaN: true, noDefaultInfinity: true, max: 1e300, min: -1e300 });
      await fc.assert(
        fc.asyncProperty(amount, amount, async (start, by) => {
          await users.update("1", { visits: start });
          const sum = (await users.increment("1", "visits", by)) ?? Number.NaN;
          // Minus zero is written as zero is.
          expect(sum + 0).toBe(start + by + 0);
          expect(await users.compareAndSet("1", { visits: sum }, { visits: 0 })).toBe("applied");
        }),
        { numRuns: 200 },
      );
    });

    test("of 200 callers that compare and set one field, each change is built on the one before", async () => {
      const users = fresh();
      await users.put("1", { ...ada, visits: 0 });
      const addOne = async (): Promise<void> => {
        for (;;) {
          const visits = (await users.pick("1", ["visits"]))?.visits ?? 0;
          const outcome = await users.compareAndSet("1", { visits }, { visits: visits + 1 });
          if (outcome === "applied") return;
        }
      };
      await Promise.all(Array.from({ length: 200 }, addOne));
      expect(await users.pick("1", ["visits"])).toEqual({ visits: 200 });
    });

    test("compare and set tells missing from null, and json by its content", async () => {
      const users = fresh();
      await users.put("1", { ...ada, nickname: "A" });
      expect(await users.compareAndSet("1", { nickname: undefined }, { visits: 9 })).toBe(
        "mismatch",
      );
      expect(await users.compareAndSet("1", { bornAt: new Date(0) }, { visits: 9 })).toBe(
        "mismatch",
      );
      const expected = { bornAt: null, settings: { theme: "dark" } };
      expect(await users.compareAndSet("1", expected, { visits: 9 }, { unset: ["nickname"] })).toBe(
        "applied",
      );
      expect(await users.compareAndSet("1", { nickname: undefined }, { bornAt: new Date(5) })).toBe(
        "applied",
      );
      expect(await users.get("1")).toEqual({ ...ada, visits: 9, bornAt: new Date(5) });
    });

    test("a field that another program broke is named, with its key and without its value", async () => {
      const users = hashRecord(redis, "broken", { n: "number" });
      await server.command("HSET", "broken:1", "n", "secret");
      const error: unknown = await users.get("1").catch((reason: unknown) => reason);
      expect(error).toMatchObject({
        code: "UPSHIFT_HASH_FIELD",
        message: expect.stringMatching(/"n" of "broken:1"/),
      });
      expect(String(error)).not.toContain("secret");
      await server.command("SET", "broken:2", "x");
      await expect(users.get("2")).rejects.toMatchObject({
        code: "UPSHIFT_REDIS_REPLY",
        kind: "WRONGTYPE",
      });
    });

    test("an optional number that is missing counts as 0, and stays missing where there is no record", async () => {
      const shape = { a: "string", n: optional("number"), b: optional("bigint") } as const;
      const counts = hashRecord(redis, `count-${Math.random()}`, shape);
      expect(await counts.increment("1", "n", 2)).toBe(undefined);
      await counts.put("1", { a: "x" });
      expect(await counts.increment("1", "n", 2.5)).toBe(2.5);
      expect(await counts.increment("1", "b", 2n ** 60n)).toBe(2n ** 60n);
      expect(await counts.get("1")).toEqual({ a: "x", n: 2.5, b: 2n ** 60n });
    });

    test("what cannot be is refused before anything is sent", async () => {
      const users = fresh();
      await expect(users.put("1", { ...ada, name: 7 as never })).rejects.toThrow(/`name`/);
      await expect(users.put("1", { ...ada, role: "x" } as never)).rejects.toThrow(/role/);
      await expect(users.pick("1", ["__proto__" as never])).rejects.toThrow(/field of/);
      await expect(users.update("1", {}, { unset: ["name"] })).rejects.toThrow(/optional/);
      await expect(users.get("")).rejects.toThrow(/`id`/);
      expect(() => hashRecord(redis, "x", {})).toThrow(/schema/);
      expect(() => hashRecord(redis, "x", { n: "number" }, { sliding: true })).toThrow(/ttl/);
      expect(() => hashRecord(redis, "x", { n: "number" }, { ttl: 0 })).toThrow(/ttl/);
      await expect(users.increment("1", "visits", Number.NaN)).rejects.toThrow(/finite/);
    });

    test("single fields expire where the server can; where it cannot the error says since when", async () => {
      const users = fresh();
      await users.put("1", { ...ada, nickname: "A" });
      const version = await server.command("INFO", "server");
      const [, major = "0", minor = "0"] = /redis_version:(\d+)\.(\d+)/.exec(version) ?? [];
      const isAble = Number(major) > 7 || (Number(major) === 7 && Number(minor) >= 4);
      const outcome: unknown = await users
        .expireFields("1", ["nickname"], "1m")
        .catch((reason: unknown) => reason);
      const refusal = { code: "UPSHIFT_REDIS_UNSUPPORTED" };
      expect(isAble ? outcome === true && refusal : outcome).toMatchObject(refusal);
    });

    test(
      `${STEPS} random steps leave what a plain map would hold`,
      { timeout: 120_000 },
      async () => {
        const shape = {
          a: "string",
          n: "number",
          o: optional("bigint"),
          z: nullable("boolean"),
        } as const;
        const records = hashRecord(redis, `model-${Math.random()}`, shape);
        type Value = { a: string; n: number; o?: bigint; z: boolean | null };
        const model = new Map<string, Value>();
        const random = seededRandom(20_261_122);
        const oneOf = <T>(...values: readonly T[]): T =>
          values[Math.floor(random() * values.length)] as T;
        const steps: readonly ((id: string, known: Value | undefined) => Promise<unknown>)[] = [
          async (id) => {
            const value: Value = {
              a: oneOf("", "\0", "x\r\ny", "é"),
              n: oneOf(0, -1.5, 1e21),
              z: oneOf(null, true, false),
            };
            if (random() < 0.5) value.o = BigInt(Math.floor(random() * 1e6));
            await records.put(id, value);
            model.set(id, value);
            return [undefined, undefined];
          },
          async (id, known) => {
            const patch = { a: oneOf("p", "q", undefined), z: oneOf(null, true) };
            const unset = random() < 0.3 ? (["o"] as const) : [];
            const isUpdated = await records.update(id, patch, { unset });
            if (known !== undefined) {
              const { o, ...rest } = known;
              const kept = unset.length > 0 || o === undefined ? {} : { o };
              model.set(id, { ...rest, ...kept, a: patch.a ?? known.a, z: patch.z });
            }
            return [isUpdated, known !== undefined];
          },
          async (id, known) => {
            const by = oneOf(1, -2.25, 0.1);
            const sum = await records.increment(id, "n", by);
            if (known !== undefined) model.set(id, { ...known, n: known.n + by });
            return [sum, known === undefined ? undefined : known.n + by];
          },
          async (id, known) => {
            const expected = { n: oneOf(known?.n ?? 0, 3), z: known?.z ?? null };
            const outcome = await records.compareAndSet(id, expected, { a: "cas" });
            if (known === undefined) return [outcome, "missing"];
            const isMatch = expected.n === known.n && expected.z === known.z;
            if (isMatch) model.set(id, { ...known, a: "cas" });
            return [outcome, isMatch ? "applied" : "mismatch"];
          },
          async (id, known) => [await records.get(id), known],
          async (id) => [await records.delete(id), model.delete(id)],
        ];
        for (let step = 0; step < STEPS; step++) {
          const id = `id${Math.floor(random() * 5)}`;
          const [got, expected] = (await oneOf(...steps)(id, model.get(id))) as [unknown, unknown];
          expect(got, `step ${step}`).toEqual(expected);
        }
      },
    );
  },
);

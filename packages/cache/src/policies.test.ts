import { createSimulatedClock, type SimulatedClock } from "@upshift/foundation/testing";
import { createMemoryRedisServer } from "@upshift/redis/testing";
import { describe, expect, it } from "vitest";
import {
  type CacheOptions,
  createCache,
  type DefinitionOptions,
  type PolicyOptions,
  writeBehind,
  writeThrough,
} from "./index.ts";

const START_MS = 1_700_000_000_000;

/** Moves the time until the promise is settled. */
async function passing<T>(clock: SimulatedClock, promise: Promise<T>): Promise<T> {
  const state = { isSettled: false };
  const settle = (): void => {
    state.isSettled = true;
  };
  promise.then(settle, settle);
  for (let step = 0; step < 20_000 && !state.isSettled; step += 1) await clock.advance(1);
  if (!state.isSettled) throw new Error("it does not end");
  return await promise;
}

/** A cache over time that tests move, and a row that its loader reads. */
async function setUp(
  hasRedis: boolean,
  policy: PolicyOptions,
  more: Partial<DefinitionOptions<string, unknown>> = {},
  options: Partial<CacheOptions<Record<string, never>>> = {},
) {
  const clock = createSimulatedClock(START_MS);
  const server = createMemoryRedisServer({ clock });
  const redis = server.connect();
  const errors: unknown[] = [];
  const make = () =>
    createCache({
      clock,
      random: () => 0,
      ...(hasRedis ? { redis: server.connect() } : {}),
      onError: (error) => errors.push(error),
      ...options,
    });
  const cache = make();
  const row = { value: "v1" as unknown, loads: 0, error: undefined as unknown, delayMs: 0 };
  const load = async (): Promise<unknown> => {
    row.loads += 1;
    const { value, error, delayMs } = row;
    if (delayMs > 0) await new Promise<void>((resolve) => void clock.after(delayMs, resolve));
    if (error !== undefined) throw error;
    return value;
  };
  const definitionOptions: DefinitionOptions<string, unknown> = { policy, load, ...more };
  const rows = cache.define("row", definitionOptions);
  await clock.advance(1);
  /** What a read gives, moving the time until it is there. */
  const read = async (from = rows): Promise<unknown> => {
    const promise = from.get("a").then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    );
    const outcome = await passing(clock, promise);
    if ("error" in outcome) throw outcome.error;
    return outcome.value;
  };
  return { clock, server, redis, cache, rows, row, read, errors, make, definitionOptions };
}

describe.each([
  ["memory alone", false],
  ["memory and Redis", true],
])("a policy, with %s", (_, hasRedis) => {
  it("keeps a value for its ttl and not longer", async () => {
    const { clock, read, row } = await setUp(hasRedis, { ttl: "1m" });
    expect(await read()).toBe("v1");
    row.value = "v2";
    await clock.advance(59_900);
    expect(await read()).toBe("v1");
    await clock.advance(200);
    expect(await read()).toBe("v2");
    expect(row.loads).toBe(2);
  });

  it("shortens a ttl by its jitter", async () => {
    const { clock, read, row } = await setUp(
      hasRedis,
      { ttl: "100s", jitter: 0.5 },
      {},
      { random: () => 1 },
    );
    await read();
    await clock.advance(49_000);
    await read();
    expect(row.loads).toBe(1);
    await clock.advance(2_000);
    await read();
    expect(row.loads).toBe(2);
  });

  it("keeps that there is none for absentTtl", async () => {
    const { clock, read, row } = await setUp(hasRedis, { ttl: "1h", absentTtl: "10s" });
    row.value = undefined;
    expect(await read()).toBeUndefined();
    row.value = "born";
    await clock.advance(9_000);
    expect(await read()).toBeUndefined();
    expect(row.loads).toBe(1);
    await clock.advance(1_100);
    expect(await read()).toBe("born");
  });

  it.each([[0], [""], [false], [null]])("keeps %j as a value", async (value) => {
    const { read, row } = await setUp(hasRedis, { ttl: "1h", absentTtl: 0 });
    row.value = value;
    expect(await read()).toBe(value);
    expect(await read()).toBe(value);
    expect(row.loads).toBe(1);
  });

  it("gives out what is stale while one load brings a new one", async () => {
    const { clock, read, row, rows } = await setUp(hasRedis, { ttl: "10s", staleFor: "1m" });
    await read();
    row.value = "v2";
    row.delayMs = 500;
    await clock.advance(20_000);
    expect(await rows.get("a")).toBe("v1");
    expect(await Promise.all([rows.get("a"), rows.get("a")])).toEqual(["v1", "v1"]);
    await clock.advance(600);
    expect(await rows.get("a")).toBe("v2");
    expect(row.loads).toBe(2);
  });

  it("waits for the load beyond staleFor", async () => {
    const { clock, read, row } = await setUp(hasRedis, { ttl: "10s", staleFor: "1m" });
    await read();
    row.value = "v2";
    await clock.advance(71_000);
    expect(await read()).toBe("v2");
  });

  it("falls back on what is stale when a load fails, and tries again after the throttle", async () => {
    const { clock, read, row } = await setUp(hasRedis, {
      ttl: "10s",
      failSafeFor: "1h",
      failSafeThrottle: "30s",
    });
    await read();
    row.error = new Error("database down");
    await clock.advance(11_000);
    expect(await read()).toBe("v1");
    expect(row.loads).toBe(2);
    await clock.advance(25_000);
    expect(await read()).toBe("v1");
    expect(row.loads).toBe(2);
    row.error = undefined;
    row.value = "v2";
    await clock.advance(6_000);
    expect(await read()).toBe("v2");
    expect(row.loads).toBe(3);
  });

  it("gives the failure to all that wait when there is nothing to fall back on, and loads anew for the next", async () => {
    const { row, rows, read } = await setUp(hasRedis, { ttl: "10s" });
    row.error = new Error("database down");
    const outcomes = await Promise.allSettled(Array.from({ length: 100 }, () => rows.get("a")));
    expect(new Set(outcomes.map(({ status }) => status))).toEqual(new Set(["rejected"]));
    expect(row.loads).toBe(1);
    await expect(read()).rejects.toThrow("database down");
    expect(row.loads).toBe(2);
  });

  it("does not give out an expired value before a load has failed", async () => {
    const { clock, read, row, rows } = await setUp(hasRedis, {
      ttl: "10s",
      staleFor: "1m",
      failSafeFor: "1h",
    });
    await read();
    row.value = "v2";
    await rows.expire("a");
    expect(rows.peek("a")).toBeUndefined();
    expect(await read()).toBe("v2");
    await rows.expire("a");
    row.error = new Error("database down");
    expect(await read()).toBe("v2");
    await clock.advance(1);
  });

  it("gives out what is stale after the soft timeout, and keeps what the slow load brings", async () => {
    const { clock, read, row, rows } = await setUp(hasRedis, {
      ttl: "10s",
      failSafeFor: "1h",
      loadTimeout: { soft: 100, hard: "5s" },
    });
    await read();
    row.value = "v2";
    row.delayMs = 1_000;
    await clock.advance(11_000);
    const started = clock.now();
    expect(await read()).toBe("v1");
    expect(clock.now() - started).toBeLessThan(300);
    await clock.advance(2_000);
    expect(rows.peek("a")).toBe("v2");
    expect(row.loads).toBe(2);
  });

  it("aborts a load at the hard timeout", async () => {
    let reason: unknown;
    const { read } = await setUp(
      hasRedis,
      { loadTimeout: { hard: "2s" } },
      {
        load: (__, { signal }) =>
          new Promise((___, reject) => {
            signal.addEventListener("abort", () => {
              reason = signal.reason;
              reject(signal.reason);
            });
          }),
      },
    );
    await expect(read()).rejects.toMatchObject({ code: "UPSHIFT_CACHE_LOAD_TIMEOUT" });
    expect(reason).toMatchObject({ code: "UPSHIFT_CACHE_LOAD_TIMEOUT" });
  });

  it("loads once ahead of the end from refreshAt on", async () => {
    const { clock, read, row, rows } = await setUp(hasRedis, { ttl: "100s", refreshAt: 0.8 });
    await read();
    row.value = "v2";
    await clock.advance(79_000);
    expect(await read()).toBe("v1");
    expect(row.loads).toBe(1);
    await clock.advance(1_500);
    expect(await Promise.all([rows.get("a"), rows.get("a"), rows.get("a")])).toEqual([
      "v1",
      "v1",
      "v1",
    ]);
    await clock.advance(10);
    expect(await rows.get("a")).toBe("v2");
    expect(row.loads).toBe(2);
    await clock.advance(79_000);
    expect(await rows.get("a")).toBe("v2");
    expect(row.loads).toBe(2);
  });

  it("loads early by chance, the more likely the nearer the end", async () => {
    let random = 0;
    const { clock, read, row } = await setUp(
      hasRedis,
      { ttl: "100s", earlyRefreshBeta: 1, jitter: 0 },
      {},
      { random: () => random },
    );
    row.delayMs = 1_000;
    await read();
    // -ln(1 - 0.9) seconds ahead: 2.3.
    random = 0.9;
    await clock.advance(96_000);
    await read();
    expect(row.loads).toBe(1);
    await clock.advance(2_000);
    await read();
    expect(row.loads).toBe(2);
  });

  it("ends what nobody reads for sliding, and what is read at its ttl", async () => {
    const { clock, read, row } = await setUp(hasRedis, { ttl: "100s", sliding: "20s" });
    await read();
    for (let step = 0; step < 6; step += 1) {
      await clock.advance(15_000);
      await read();
    }
    expect(row.loads).toBe(1);
    await clock.advance(15_000);
    await read();
    expect(row.loads).toBe(2);
    await clock.advance(21_000);
    await read();
    expect(row.loads).toBe(3);
  });

  it("lets the loader say how long, that nothing has changed, and that nothing is to be kept", async () => {
    let say: "5s" | "same" | "skip" = "5s";
    const { clock, read, row } = await setUp(
      hasRedis,
      { ttl: "1h", failSafeFor: "1h" },
      {
        load: async (__, { ttl, notModified, skip, stale }) => {
          row.loads += 1;
          if (say === "same") return notModified();
          if (say === "skip") skip();
          else ttl(say);
          return { stale, loads: row.loads };
        },
      },
    );
    expect(await read()).toEqual({ stale: undefined, loads: 1 });
    await clock.advance(6_000);
    say = "same";
    expect(await read()).toEqual({ stale: undefined, loads: 1 });
    await clock.advance(60_000);
    await read();
    expect(row.loads).toBe(2);
    await clock.advance(3_600_000);
    say = "skip";
    expect(await read()).toMatchObject({ loads: 3 });
    expect(await read()).toMatchObject({ loads: 4 });
  });

  it("shares, freezes or copies what readers get", async () => {
    for (const [results, isSame, isFrozen] of [
      ["shared", true, false],
      ["frozen", true, true],
      ["cloned", false, false],
    ] as const) {
      const { read, row, rows } = await setUp(hasRedis, { results });
      row.value = { list: [{ n: 1 }] };
      await read();
      const one = (await read()) as { list: object[] };
      const other = await read();
      expect(one).toEqual({ list: [{ n: 1 }] });
      expect(one === other).toBe(isSame);
      expect(Object.isFrozen(one.list[0])).toBe(isFrozen);
      expect(rows.peek("a") === one).toBe(isSame);
    }
  });

  it("loads many together, also for single reads, and gives them in order", async () => {
    const batches: (readonly string[])[] = [];
    const { rows, clock } = await setUp(
      hasRedis,
      {},
      {
        load: undefined as never,
        loadMany: async (inputs) => {
          batches.push(inputs);
          return inputs.map((input) => (input === "none" ? undefined : `${input}!`));
        },
        batch: 3,
      },
    );
    const many = rows.getMany(["a", "none", "b", "a"]);
    const single = rows.get("c");
    for (let step = 0; step < 50; step += 1) await clock.advance(1);
    expect(await many).toEqual(["a!", undefined, "b!", "a!"]);
    expect(await single).toBe("c!");
    expect(batches.flat().toSorted()).toEqual(["a", "b", "c", "none"]);
    expect(batches.every((batch) => batch.length <= 3)).toBe(true);
  });

  it("writes to the database first, and gives out what it has", async () => {
    const saved: unknown[] = [];
    const { clock, rows, row, read } = await setUp(
      hasRedis,
      { ttl: "1h" },
      {
        write: writeThrough(async (__, value) => {
          saved.push(value);
          return { stored: value };
        }),
      },
    );
    await read();
    const { status } = await rows.set("a", "mine");
    expect(status).toBe(hasRedis ? "applied" : "local");
    expect(rows.peek("a")).toEqual({ stored: "mine" });
    await clock.advance(1);
    expect(await read()).toEqual({ stored: "mine" });
    expect([saved, row.loads]).toEqual([["mine"], 1]);
  });

  it("removes the value when the database refuses a write", async () => {
    const { rows, row, read } = await setUp(
      hasRedis,
      { ttl: "1h" },
      { write: writeThrough(() => Promise.reject(new Error("constraint"))) },
    );
    await read();
    await expect(rows.set("a", "mine")).rejects.toThrow("constraint");
    row.value = "v2";
    expect(await read()).toBe("v2");
  });

  it("keeps nothing of two writes that overlap", async () => {
    const open: (() => void)[] = [];
    const { rows, row, read, clock } = await setUp(
      hasRedis,
      { ttl: "1h" },
      { write: writeThrough(() => new Promise<void>((resolve) => void open.push(resolve))) },
    );
    const writes = [rows.set("a", "one"), rows.set("a", "two")];
    while (open.length < 2) await clock.advance(1);
    open[1]?.();
    await writes[1];
    open[0]?.();
    await writes[0];
    row.value = "what the database took last";
    expect(await read()).toBe("what the database took last");
  });

  it("stores a value that is set, with its tags and its ttl, and loads under way store nothing", async () => {
    const { clock, rows, row, cache, read } = await setUp(hasRedis, { ttl: "1h" });
    row.delayMs = 50;
    const early = read();
    await clock.advance(10);
    await rows.set("a", "set", { tags: ["t"], ttl: "10s" });
    expect(await early).toBe("v1");
    expect(await read()).toBe("set");
    await clock.advance(11_000);
    row.value = "v2";
    expect(await read()).toBe("v2");
    await rows.set("a", "again", { tags: ["t"] });
    const { tag } = await import("./index.ts");
    await cache.invalidate(tag("t"));
    expect(await read()).toBe("v2");
  });

  it("holds off what a lagging replica would bring back", async () => {
    const { clock, rows, row, read } = await setUp(hasRedis, { ttl: "1h" });
    await read();
    await rows.delete("a", { hold: "2s" });
    expect(await read()).toBe("v1");
    await clock.advance(1_000);
    row.value = "v2";
    expect(await read()).toBe("v2");
    await clock.advance(1_500);
    await read();
    const { loads } = row;
    await read();
    expect(row.loads).toBe(loads);
  });

  it("leaves no timer behind when it is closed", async () => {
    const { cache, clock, read, row, rows, make } = await setUp(hasRedis, {
      ttl: "10s",
      sliding: "5s",
      refreshAt: 0.5,
    });
    await read();
    await clock.advance(6_000);
    row.delayMs = 1_000;
    const pending = rows.get("b").catch((error: unknown) => error);
    await clock.advance(10);
    await cache.close();
    await cache.close();
    expect(await pending).toMatchObject({ code: "UPSHIFT_CACHE_CLOSED" });
    await expect(rows.get("a")).rejects.toMatchObject({ code: "UPSHIFT_CACHE_CLOSED" });
    await clock.advance(1_100);
    expect(clock.timerCount).toBe(0);
    await make().close();
    await clock.advance(1);
    expect(clock.timerCount).toBe(0);
  });
});

describe("with Redis", () => {
  it("an older version never takes the place of a newer one", async () => {
    const { rows, make, definitionOptions, read } = await setUp(
      true,
      { ttl: "1h", l1Ttl: 0 },
      { version: (value) => Number(Object(value).revision) },
    );
    const other = make().define("row", definitionOptions);
    await rows.set("a", { revision: 10 });
    await other.set("a", { revision: 9 });
    expect(await read()).toEqual({ revision: 10 });
    await other.set("a", { revision: 11 });
    expect(await read()).toEqual({ revision: 11 });
  });

  it("what is written behind is read at once, by others too, and in the database soon", async () => {
    const database = new Map<string, unknown>([["a", { n: 0, m: 0 }]]);
    const { rows, make, clock } = await setUp(
      true,
      { ttl: "1h" },
      {
        load: (key) => database.get(key),
        write: writeBehind<string, unknown>(
          async (changes) => {
            for (const { key, value, patch } of changes)
              database.set(key, value ?? Object.assign({}, database.get(key), patch));
          },
          { mode: "patch", maxDelay: "1s" },
        ),
      },
    );
    const other = make().define("row", {
      load: (key: string) => database.get(key),
      write: writeBehind<string, unknown>(async () => {}, { mode: "patch", drain: false }),
    });
    const settle = <T>(promise: Promise<T>): Promise<T> => passing(clock, promise);
    expect(await settle(other.get("a"))).toEqual({ n: 0, m: 0 });
    await settle(rows.patch("a", { n: 1 } as never));
    expect(database.get("a")).toEqual({ n: 0, m: 0 });
    expect(await settle(other.get("a"))).toEqual({ n: 1, m: 0 });
    await settle(rows.set("a", { n: 5, m: 5 }));
    expect(await settle(other.get("a"))).toEqual({ n: 5, m: 5 });
    await settle(rows.patch("a", { m: 6 } as never));
    expect(await settle(other.get("a"))).toEqual({ n: 5, m: 6 });
    await clock.advance(3_000);
    expect(database.get("a")).toEqual({ n: 5, m: 6 });
    expect(await settle(other.get("a"))).toEqual({ n: 5, m: 6 });
  });
});

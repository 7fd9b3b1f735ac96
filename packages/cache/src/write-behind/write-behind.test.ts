import { createSimulatedClock } from "@upshift/foundation/testing";
import { RedisReplyError, RedisTimeoutError, type Reply } from "@upshift/redis";
import { createMemoryRedisServer } from "@upshift/redis/testing";
import { expect, expectTypeOf, test } from "vitest";
import { openWriteBehind } from "./open-write-behind.ts";
import {
  type Change,
  type ChangeWriter,
  type ValueChange,
  type WriteBehind,
  writeBehind,
} from "./write-behind.ts";
import type { WriteBehindOptions } from "./write-behind-options.ts";

interface User {
  readonly name?: string;
  readonly seen?: number;
  readonly tags?: readonly string[];
}

type Writer = ChangeWriter<Change<string, User>>;

/** A store over Redis in memory, in a time that stands still; what was written, call by call. */
function open(
  options: WriteBehindOptions<string, User> = {},
  writer: Writer = async () => {},
  intercept?: (command: readonly string[], apply: () => Reply) => Promise<Reply>,
) {
  const clock = createSimulatedClock(1_700_000_000_000);
  const server = createMemoryRedisServer({ clock });
  const redis = server.connect(intercept === undefined ? {} : { intercept });
  const calls: (readonly Change<string, User>[])[] = [];
  const errors: unknown[] = [];
  const told: string[] = [];
  const recording: Writer = async (changes, context) => {
    calls.push(changes);
    await writer(changes, context);
  };
  const another = (own: WriteBehindOptions<string, User> = options) =>
    openWriteBehind<string, User>(writeBehind(recording, { ...own, ...PATCH }), {
      redis,
      namespace: "shop",
      name: "user",
      codec: {
        encode: (value) => JSON.stringify(value),
        decode: (text): unknown => JSON.parse(text),
      },
      keyOf: (text) => text,
      clock,
      random: () => 0,
      onError: (error) => errors.push(error),
      onWritten: (keys) => void told.push(`written ${keys.join()}`),
      onGivenUp: (keys) => void told.push(`given up ${keys.join()}`),
    });
  const keysOf = () =>
    calls.map((changes) =>
      changes
        .map(({ key }) => key)
        .toSorted()
        .join(),
    );
  const store = another();
  const flushed = async (): Promise<void> => {
    const flushing = store.flush();
    await clock.advance(1_000);
    await flushing;
  };
  return { clock, server, redis, store, flushed, another, calls, errors, told, keysOf };
}
const PATCH = { mode: "patch" } as const;

/** Not shallow: tags add up. */
function merge(earlier: Partial<User>, later: Partial<User>): Partial<User> {
  return { ...earlier, ...later, tags: [...(earlier.tags ?? []), ...(later.tags ?? [])] };
}

test("changes of a key within the delay are one row, and readers see the last one until it is written", async () => {
  const { clock, store, calls } = open({ maxDelay: "1s" });
  const first = await store.put("7", { name: "Ada" });
  const second = await store.patch("7", { seen: 1 });
  await store.patch("8", { seen: 2 });
  expect(BigInt(second)).toBeGreaterThan(BigInt(first));
  expect(await store.readMany(["8", "9", "7"])).toMatchObject([
    { patch: { seen: 2 } },
    undefined,
    { sequence: second, value: { name: "Ada", seen: 1 } },
  ]);
  await clock.advance(500);
  expect(calls).toEqual([]);
  await clock.advance(500);
  expect(calls.flat()).toHaveLength(2);
  const value = { name: "Ada", seen: 1 };
  expect(calls.flat()).toContainEqual({ key: "7", value, sequence: second, changeCount: 2 });
  expect(await store.read("7")).toBeUndefined();
  expect(store.gauges()).toMatchObject({ callCount: 1, pendingCount: 0, coveredCount: 3 });
  await store.close();
  expect(clock.timerCount).toBe(0);
});

test("what falls due at about the same time is written together, up to the size of a batch", async () => {
  const { clock, store, calls } = open({ maxDelay: "1s", batch: 40, concurrency: 1 });
  for (let index = 0; index < 100; index += 1) {
    await store.put(`${index}`, { seen: index });
    await clock.advance(0.5);
  }
  await clock.advance(1_000);
  const sizes = calls.map(({ length }) => length);
  expect(sizes.reduce((sum, size) => sum + size)).toBe(100);
  expect(Math.max(...sizes)).toBe(40);
  // One more than the fewest, since a batch is shared among the shards.
  expect(sizes.length).toBeLessThanOrEqual(4);
});

test("patches merge in their order, with the merge that was declared, however many there are", async () => {
  const { store, flushed, calls } = open({ merge, maxDelay: "1h" });
  const numbers = Array.from({ length: 300 }, (_, index) => String(index));
  for (const number of numbers) await store.patch("7", { tags: [number] });
  expect(await store.read("7")).toMatchObject({ patch: { tags: numbers } });
  await store.put("8", { name: "Ada", tags: ["first"] });
  await store.patch("8", { tags: ["second"] });
  expect(store.overlay({ name: "Lise", tags: ["zero"] }, await store.read("7"))).toEqual({
    name: "Lise",
    tags: ["zero", ...numbers],
  });
  await flushed();
  expect(calls.flat()).toContainEqual(
    expect.objectContaining({ key: "7", patch: { tags: numbers }, changeCount: 300 }),
  );
  expect(calls.flat()).toContainEqual(
    expect.objectContaining({ key: "8", value: { name: "Ada", tags: ["first", "second"] } }),
  );
});

test("patches of many callers are all there when they have to be merged at the same time", async () => {
  const { store } = open({ merge, maxDelay: "1h", drain: false });
  const numbers = Array.from({ length: 300 }, (_, index) => String(index));
  await Promise.all(numbers.map((number) => store.patch("7", { tags: [number] })));
  const { patch } = (await store.read("7")) ?? {};
  expect(patch?.tags?.toSorted()).toEqual(numbers.toSorted());
});

test("a key of any shape comes back as it was given", async () => {
  const clock = createSimulatedClock();
  const redis = createMemoryRedisServer({ clock }).connect();
  const codec = { encode: JSON.stringify, decode: (text: string): unknown => JSON.parse(text) };
  const keys: (readonly [string, number])[] = [];
  const store = openWriteBehind<readonly [string, number], User>(
    writeBehind(async (changes) => void keys.push(...changes.map(({ key }) => key))),
    { redis, namespace: "shop", name: "user", codec, keyOf: (key) => key.join("/"), clock },
  );
  await store.put(["org", 7], { seen: 1 });
  await store.put(["org", 7], { seen: 2 });
  await clock.advance(1_000);
  expect(keys).toEqual([["org", 7]]);
  await store.close();
});

test("a patch over a row that is not there is no row", () => {
  const { store } = open();
  expect(store.overlay(undefined, { sequence: "1", patch: { seen: 1 } })).toBeUndefined();
  expect(store.overlay(undefined, { sequence: "1", value: { seen: 1 } })).toEqual({ seen: 1 });
  expect(store.overlay({ name: "Ada" }, undefined)).toEqual({ name: "Ada" });
});

test("one bad row of a batch holds up no other, and is given up after its own tries alone", async () => {
  const bad = Object.assign(new Error("bad row"), { code: "23514" });
  const { clock, store, keysOf, told, errors } = open(
    { batch: 8, attempts: 3, maxDelay: 10, backoff: { min: 100, max: 1_000 } },
    async (changes) => {
      if (changes.some(({ key }) => key === "c")) throw bad;
    },
  );
  await Promise.all(["a", "b", "c", "d"].map((key) => store.put(key, {})));
  await clock.advance(20);
  // Halves: which rows share one with the bad one depends on their shards.
  expect(keysOf()[0]).toBe("a,b,c,d");
  expect(keysOf()).toHaveLength(5);
  await clock.advance(500);
  expect(keysOf().slice(5)).toEqual(["c", "c"]);
  expect(told.at(-1)).toBe("given up c");
  expect(told.filter((line) => line.startsWith("written")).join()).toMatch(/a.*|b.*|d.*/);
  expect(errors).toEqual([bad, bad, bad]);
  expect(await store.read("c")).toBeUndefined();
  expect(await store.deadLetters()).toMatchObject([
    {
      key: "c",
      keyText: "c",
      change: { value: {} },
      tryCount: 3,
      errorCode: "23514",
      changeCount: 1,
    },
  ]);
  expect(await store.discardDeadLetters(["a", "c"])).toBe(1);
  expect(await store.deadLetters()).toEqual([]);
});

test("many bad rows hold up the good ones no longer than looking for them takes", async () => {
  const { clock, store } = open(
    { batch: 100, maxDelay: 10, concurrency: 1, backoff: { min: 1_000, max: 10_000 } },
    async (changes) => {
      if (changes.some(({ value }) => value?.name === "bad"))
        throw Object.assign(new Error("bad row"), { code: "23514" });
    },
  );
  const rows = Array.from({ length: 60 }, (_, index) => (index % 3 === 0 ? "bad" : "good"));
  await Promise.all(rows.map((name, index) => store.put(`${index}`, { name })));
  await clock.advance(500);
  expect(store.gauges()).toMatchObject({ writtenCount: 40, pendingCount: 20 });
});

test("a row that is locked holds up no other, and is written when the lock is gone, however long it takes", async () => {
  let isLocked = true;
  const { clock, store } = open(
    { writeTimeout: "1s", attempts: 2, maxDelay: 10, backoff: { min: 100, max: 1_000 } },
    async (changes, { signal }) => {
      if (!isLocked || changes.every(({ key }) => key !== "c")) return;
      await new Promise<never>((_resolve, reject) => {
        signal.addEventListener("abort", () => reject(new Error("cancelled")), { once: true });
      });
    },
  );
  await Promise.all(["a", "b", "c", "d"].map((key) => store.put(key, {})));
  // All, then two of them, then one: a second each.
  await clock.advance(3_100);
  expect(store.gauges()).toMatchObject({ writtenCount: 3, pendingCount: 1 });
  await store.put("e", {});
  await clock.advance(20);
  expect(await store.read("e")).toBeUndefined();
  await clock.advance(60_000);
  expect(store.gauges()).toMatchObject({ writtenCount: 4, pendingCount: 1, givenUpCount: 0 });
  isLocked = false;
  await clock.advance(3_000);
  expect(store.gauges()).toMatchObject({ writtenCount: 5, pendingCount: 0 });
});

test("a failure that is not a row's is repeated for the whole batch once, then looked for in halves", async () => {
  let callCount = 0;
  const { clock, store, keysOf } = open(
    { maxDelay: 10, backoff: { min: 50, max: 50 } },
    async () => {
      callCount += 1;
      if (callCount === 1) throw new Error("hiccup");
    },
  );
  await Promise.all(["a", "b"].map((key) => store.put(key, {})));
  await clock.advance(200);
  expect(keysOf()).toEqual(["a,b", "a,b"]);
  expect(store.gauges()).toMatchObject({ writtenCount: 2, failedCallCount: 1, pendingCount: 0 });
});

test("while the database cannot be reached nothing is given up, and it is left in peace", async () => {
  let isGone = true;
  const { clock, store, calls } = open(
    { attempts: 1, maxDelay: 10, concurrency: 1, backoff: { min: 100, max: 1_000 } },
    async () => {
      if (isGone) throw Object.assign(new Error("refused"), { code: "ECONNREFUSED" });
    },
  );
  await Promise.all(["a", "b", "c"].map((key) => store.put(key, {})));
  await clock.advance(60_000);
  // 0.1 + 0.2 + 0.4 + 0.8 s, then one a second.
  expect(calls.length).toBeGreaterThan(40);
  expect(calls.length).toBeLessThan(80);
  expect(await store.deadLetters()).toEqual([]);
  isGone = false;
  await clock.advance(1_100);
  expect(store.gauges()).toMatchObject({ pendingCount: 0, givenUpCount: 0, writtenCount: 3 });
});

test("beyond `maxPending` keys a new one is refused, and those that wait can change", async () => {
  const { clock, store, flushed, another } = open({ maxPending: 3, maxDelay: "1m" });
  await Promise.all(["a", "b", "c"].map((key) => store.put(key, {})));
  const other = another({ maxPending: 3, maxDelay: "1m", drain: false });
  for (const each of [store, other]) {
    await expect(each.put("d", {})).rejects.toMatchObject({
      code: "UPSHIFT_WRITE_BEHIND_FULL",
      details: { name: "user", pendingCount: 3, maxPending: 3 },
    });
    await each.put("a", { seen: 1 });
    await clock.advance(100);
  }
  await flushed();
  await other.put("d", {});
  expect(await store.read("d")).toBeDefined();
});

test("with as many dead letters as may be, what fails stays pending", async () => {
  const { clock, store, errors } = open(
    { maxDeadLetters: 1, attempts: 1, maxDelay: 10, concurrency: 1, backoff: { min: 10, max: 10 } },
    async () => {
      throw new TypeError("no");
    },
  );
  // Of one shard.
  await store.put("a", {});
  await clock.advance(100);
  await store.patch("a", { seen: 1 });
  await clock.advance(100);
  expect(await store.deadLetters()).toMatchObject([{ key: "a", change: { value: { seen: 1 } } }]);
  const twin = [
    "b",
    "c",
    "d",
    "e",
    "f",
    "g",
    "h",
    "i",
    "j",
    "k",
    "l",
    "m",
    "n",
    "o",
    "p",
    "q",
    "r",
  ];
  await Promise.all(twin.map((key) => store.put(key, {})));
  await clock.advance(1_000);
  const letters = await store.deadLetters();
  const pending = (await store.readMany(twin)).filter((each) => each !== undefined);
  expect(letters.length + pending.length).toBe(18);
  expect(pending.length).toBeGreaterThan(0);
  expect(errors).toContainEqual(
    expect.objectContaining({ code: "UPSHIFT_WRITE_BEHIND_DEAD_LETTERS_FULL" }),
  );
});

test("a writer that takes too long is told, and its changes are written again", async () => {
  const reasons: unknown[] = [];
  let callCount = 0;
  const { clock, store } = open({ writeTimeout: "1s", maxDelay: 10 }, async (_, { signal }) => {
    callCount += 1;
    if (callCount > 1) return;
    await new Promise<never>((_resolve, reject) => {
      signal.addEventListener("abort", () => {
        reasons.push(signal.reason);
        reject(signal.reason);
      });
    });
  });
  await store.put("a", {});
  await clock.advance(1_500);
  expect(reasons).toMatchObject([{ code: "UPSHIFT_WRITE_BEHIND_TIMEOUT" }]);
  expect(store.gauges()).toMatchObject({ writtenCount: 1, pendingCount: 0 });
});

test("while a writer goes on after its signal nobody else writes its keys, for the time of a lease", async () => {
  let release: (() => void) | undefined;
  const { clock, store, calls } = open(
    { writeTimeout: "1s", lease: "5s", maxDelay: 10 },
    async () => {
      await new Promise<void>((resolve) => {
        release = resolve;
      });
    },
  );
  await store.put("a", { seen: 1 });
  await clock.advance(5_000);
  await store.put("a", { seen: 2 });
  expect(calls).toHaveLength(1);
  // It ends well after all.
  release?.();
  await clock.advance(50);
  expect(calls.flat()).toMatchObject([{ value: { seen: 1 } }, { value: { seen: 2 } }]);
  release?.();
  await clock.advance(50);
  expect(await store.read("a")).toBeUndefined();
});

test("a writer is told when another has its keys", async () => {
  const reasons: unknown[] = [];
  const { clock, redis, store } = open({ lease: "3s", maxDelay: 10 }, async (_, { signal }) => {
    await new Promise<never>((_resolve, reject) => {
      signal.addEventListener("abort", () => {
        reasons.push(signal.reason);
        reject(signal.reason);
      });
    });
  });
  await store.put("a", {});
  await clock.advance(100);
  // FNV-1a of "a" is e40c292c: the first shard.
  expect(await redis.send(["HSET", "{shop:user:wb:0}:holder", "a", "another"])).toBe(0);
  await clock.advance(1_000);
  expect(reasons).toMatchObject([{ code: "UPSHIFT_WRITE_BEHIND_LEASE_LOST" }]);
  await clock.advance(10);
  expect(await redis.send(["HGET", "{shop:user:wb:0}:holder", "a"])).toBe("another");
});

test("what is being taken when it closes is given back", async () => {
  let isSlow = false;
  const { clock, redis, store } = open({ maxDelay: 10 }, undefined, async (command, apply) => {
    const reply = apply();
    // Only a take has so many bytes as its limit.
    if (isSlow && command.includes(String(8 * 1024 * 1024)))
      await new Promise<void>((resolve) => void clock.after(300, resolve));
    return reply;
  });
  // Between two looks for what others have put.
  await clock.advance(7_000);
  await store.put("a", {});
  isSlow = true;
  await clock.advance(20);
  expect(await redis.send(["HLEN", "{shop:user:wb:0}:holder"])).toBe(1);
  const left = store
    .close({ timeoutMs: 100 })
    .then(async () => await redis.send(["HLEN", "{shop:user:wb:0}:holder"]));
  await clock.advance(2_000);
  expect(await left).toBe(0);
  expect(clock.timerCount).toBe(0);
});

test("closing ends what ignores its signal, and leaves no timer and nothing held", async () => {
  const { clock, store, another } = open({ maxDelay: 10 }, async () => {
    await new Promise(() => {});
  });
  await store.put("a", {});
  await clock.advance(100);
  const closed = store.close({ timeoutMs: 2_000 });
  await clock.advance(5_000);
  await closed;
  await clock.advance(0);
  expect(clock.timerCount).toBe(0);
  await expect(store.put("a", {})).rejects.toMatchObject({ code: "UPSHIFT_WRITE_BEHIND_CLOSED" });
  const next = another({ drain: false });
  expect(await next.read("a")).toMatchObject({ value: {} });
  await next.close();
});

test("what is written is told while readers still see it pending", async () => {
  const { clock, store, told } = open({ maxDelay: 10 });
  await store.put("a", {});
  await clock.advance(20);
  expect(told).toEqual(["written a"]);
});

test("a flush brings forward what was put before it, and nothing twice", async () => {
  const { store, flushed, calls } = open({ maxDelay: "1h" });
  await store.put("a", {});
  await flushed();
  expect(calls).toHaveLength(1);
  await flushed();
  expect(calls).toHaveLength(1);
});

test("an acknowledgement whose answer is lost is asked for again, and the row is not written twice", async () => {
  let isLost = false;
  const { clock, store, calls } = open({ maxDelay: 10 }, undefined, async (command, apply) => {
    const reply = apply();
    const isAcknowledge = command[0] === "EVALSHA" && calls.length === 1 && !isLost;
    if (isAcknowledge) {
      isLost = true;
      throw new Error("lost");
    }
    return reply;
  });
  await store.put("a", {});
  await clock.advance(5_000);
  expect(isLost).toBe(true);
  expect(calls).toHaveLength(1);
  expect(await store.read("a")).toBeUndefined();
});

test("a Redis that does not know flags of scripts, before 7, is drained without them", async () => {
  let refusedCount = 0;
  const { clock, store, calls } = open({ maxDelay: 10 }, undefined, async (command, apply) => {
    if (!command.some((word) => word.startsWith("#!"))) return apply();
    refusedCount += 1;
    const reply =
      "ERR Error compiling script (new function): user_script:1: unexpected symbol near '#'";
    throw new RedisReplyError("SCRIPT", reply);
  });
  await store.put("a", {});
  await clock.advance(1_000);
  expect(refusedCount).toBeGreaterThan(0);
  expect(calls).toHaveLength(1);
  expect(await store.read("a")).toBeUndefined();
});

test("what was taken and never heard of is written without waiting for the end of its lease", async () => {
  let lostCount = 0;
  const { clock, store, calls } = open(
    { maxDelay: 10, lease: "1h" },
    undefined,
    async (command, apply) => {
      const reply = apply();
      // A take that took something answers with more than its four numbers.
      if (lostCount < 2 && command[0] === "EVALSHA" && Array.isArray(reply) && reply.length > 4) {
        lostCount += 1;
        throw new RedisTimeoutError("EVALSHA", 500);
      }
      return reply;
    },
  );
  await store.put("a", {});
  await clock.advance(5_000);
  expect(lostCount).toBe(2);
  expect(calls).toHaveLength(1);
  expect(await store.read("a")).toBeUndefined();
});

test("a patch is refused where whole values are declared", async () => {
  const clock = createSimulatedClock();
  const redis = createMemoryRedisServer({ clock }).connect();
  const codec = { encode: JSON.stringify, decode: (text: string): unknown => JSON.parse(text) };
  const store = openWriteBehind<string, User>(
    writeBehind(async () => {}),
    { redis, namespace: "shop", name: "user", codec, keyOf: (text) => text, clock },
  );
  await expect(store.patch("a", {})).rejects.toMatchObject({ code: "UPSHIFT_WRITE_BEHIND_MODE" });
  await store.close();
});

test.each([
  [{ maxDelay: -1 }, /maxDelay/],
  [{ batch: 0 }, /batch/],
  [{ batch: 1_001 }, /batch/],
  [{ concurrency: 1.5 }, /concurrency/],
  [{ attempts: 0 }, /attempts/],
  [{ lease: 10 }, /lease/],
  [{ backoff: { min: "2s", max: "1s" } }, /backoff/],
  [{ maxPending: Number.POSITIVE_INFINITY }, /maxPending/],
])("%j is refused with the option's name", (options, name) => {
  expect(() => writeBehind(async () => {}, options)).toThrow(name);
});

test("a name that would break out of its slot is refused", () => {
  const redis = createMemoryRedisServer().connect();
  const codec = { encode: JSON.stringify, decode: (text: string): unknown => JSON.parse(text) };
  const options = { redis, namespace: "a}", name: "b", codec, keyOf: (text: string) => text };
  expect(() =>
    openWriteBehind(
      writeBehind<string, User>(async () => {}),
      options,
    ),
  ).toThrow(/`}`/);
});

test("a writer of values is given values, one of patches may get either", () => {
  writeBehind<string, User>(async (changes) => {
    expectTypeOf(changes).toEqualTypeOf<readonly ValueChange<string, User>[]>();
  });
  writeBehind<string, User>(
    async (changes) => {
      expectTypeOf(changes).toEqualTypeOf<readonly Change<string, User>[]>();
    },
    { mode: "patch" },
  );
  const declared: WriteBehind<string, User> = writeBehind(async (changes) => {
    expectTypeOf(changes[0]?.value).toEqualTypeOf<User | undefined>();
  });
  expect(declared.kind).toBe("behind");
});

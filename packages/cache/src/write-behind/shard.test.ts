import { createSimulatedClock } from "@upshift/foundation/testing";
import { createMemoryRedisServer } from "@upshift/redis/testing";
import { expect, test } from "vitest";
import { Shard, type TakenEntry } from "./shard.ts";
import { SHARD_COUNT, shardOf } from "./shard-keys.ts";

function open() {
  const clock = createSimulatedClock(1_700_000_000_000);
  const redis = createMemoryRedisServer({ clock }).connect();
  const shard = new Shard(redis, "shop", "user", 3);
  const put = (payload: string, kind: "v" | "p" = "v", key = "7") =>
    shard.put({ key, kind, payload, maxDelayMs: 100, isFull: false });
  const take = async (token: string, limit = 10): Promise<TakenEntry> => {
    const [entry] = (await shard.take(limit, 1_000, token)).entries;
    if (entry === undefined) throw new Error("nothing is due");
    return entry;
  };
  return { clock, redis, shard, put, take };
}
const WHY = { tryCount: 1, code: "23514" };
const LETTERS = { maxDelayMs: 100, mostLetters: 10 };

test("a key is taken by one at a time, until its lease is over", async () => {
  const { clock, shard, put, take } = open();
  await put("one");
  expect((await shard.take(10, 1_000, "early")).entries).toEqual([]);
  await clock.advance(100);
  const first = await take("first");
  expect(first).toMatchObject({ key: "7", items: [{ kind: "v", payload: "one" }], tryCount: 0 });
  await put("two");
  await clock.advance(999);
  expect((await shard.take(10, 1_000, "second")).entries).toEqual([]);
  await clock.advance(1);
  expect(await take("second")).toMatchObject({ items: [{ payload: "two" }], changeCount: 2 });
});

test("who has lost its lease can neither acknowledge, nor renew, nor give back, nor give up", async () => {
  const { clock, shard, put, take } = open();
  await put("one");
  await clock.advance(100);
  const stale = await take("first");
  await clock.advance(1_000);
  const held = await take("second");
  expect(await shard.acknowledge("first", [stale], 100)).toEqual({ isHeld: [false], longKeys: [] });
  expect(await shard.renew("first", ["7"], 1_000, {})).toEqual(["7"]);
  await shard.release("first", ["7"], { delayMs: 0, isTry: true });
  expect(await shard.bury(stale, LETTERS, WHY)).toBe("lost");
  expect((await shard.take(10, 1_000, "third")).entries).toEqual([]);
  expect(await shard.renew("second", ["7"], 1_000, {})).toEqual([]);
  expect(await shard.acknowledge("second", [held], 100)).toEqual({ isHeld: [true], longKeys: [] });
  expect(await shard.read(["7"])).toEqual([undefined]);
});

test("what comes while a key is written stays, and is due after its own delay", async () => {
  const { clock, shard, put, take } = open();
  await put('{"a":1}', "p");
  await clock.advance(100);
  const taken = await take("first");
  await clock.advance(30);
  await put('{"b":2}', "p");
  await put('{"b":3}', "p");
  await shard.acknowledge("first", [taken], 100);
  const [rest] = await shard.read(["7"]);
  expect(rest).toMatchObject({
    changeCount: 2,
    items: [{ payload: '{"b":2}' }, { payload: '{"b":3}' }],
  });
  await clock.advance(99);
  expect((await shard.take(10, 1_000, "second")).entries).toEqual([]);
  await clock.advance(1);
  expect(await take("second")).toMatchObject({ changeCount: 2 });
});

test("a change that waits is counted up to its own sequence, whatever comes before and after it", async () => {
  const { clock, shard, put, take } = open();
  await put('{"a":1}', "p");
  await clock.advance(100);
  const taken = await take("first");
  await put('{"a":2}', "p");
  const mark = await shard.hasten();
  await clock.advance(1);
  await put('{"a":3}', "p");
  expect(await shard.countUpTo(mark)).toBe(1);
  await shard.acknowledge("first", [taken], 100);
  expect(await shard.countUpTo(mark)).toBe(1);
  await clock.advance(100);
  await shard.acknowledge("second", [await take("second")], 100);
  expect(await shard.countUpTo(mark)).toBe(0);
});

test("bytes of any language come back as they went in", async () => {
  const { shard, put } = open();
  const texts = ["naïve €", "日本", "🙂", "", " v 1 1 x", "a\nb\0c"];
  for (const text of texts) await put(text, "p");
  const [entry] = await shard.read(["7"]);
  expect(entry?.items.map(({ payload }) => payload)).toEqual(texts);
});

test("sequences grow when the server's clock goes back, and when the last one is lost", async () => {
  const { clock, redis, shard, put } = open();
  const first = await put("one");
  await redis.send(["HSET", "{shop:user:wb:3}:meta", "sequence", "1700000009000000"]);
  const ahead = await put("two");
  await redis.send(["DEL", "{shop:user:wb:3}:meta"]);
  await clock.advance(10_000);
  const again = await put("three");
  expect([first, ahead, again]).toMatchObject([
    { sequence: "1700000000000000" },
    { sequence: "1700000009000001" },
    { sequence: "1700000010000000" },
  ]);
  expect((await shard.read(["7"]))[0]?.sequence).toBe("1700000010000000");
});

test("a dead letter is tried again before what is pending, and not while its key is written", async () => {
  const { clock, shard, put, take } = open();
  await put('{"a":1}', "p");
  await clock.advance(100);
  expect(await shard.bury(await take("first"), LETTERS, WHY)).toBe("buried");
  expect(await shard.read(["7"])).toEqual([undefined]);
  await put('{"a":2}', "p");
  await clock.advance(100);
  const taken = await take("second");
  expect(await shard.revive("7")).toBe("held");
  // Written after it, so it must win over it: it becomes part of the letter.
  await shard.acknowledge("second", [taken], 100);
  await put('{"b":3}', "p");
  expect(await shard.revive("7")).toBe("revived");
  const [entry] = await shard.read(["7"]);
  expect(entry?.items.map(({ payload }) => payload)).toEqual(['{"a":1}', '{"a":2}', '{"b":3}']);
  expect(Number(entry?.sequence)).toBeGreaterThan(Number(taken.sequence));
  expect(await shard.revive("7")).toBe("gone");
});

test("a newer value that is written supersedes a dead letter", async () => {
  const { clock, shard, put, take } = open();
  await put("bad");
  await clock.advance(100);
  await shard.bury(await take("first"), LETTERS, WHY);
  expect(await shard.deadLetterKeys()).toEqual(["7"]);
  await put("good");
  await clock.advance(100);
  await shard.acknowledge("second", [await take("second")], 100);
  expect(await shard.deadLetterKeys()).toEqual([]);
});

test("a newer value that is pending supersedes a dead letter that is tried again", async () => {
  const { clock, shard, put, take } = open();
  await put("bad");
  await clock.advance(100);
  await shard.bury(await take("first"), LETTERS, WHY);
  await put("good");
  expect(await shard.revive("7")).toBe("superseded");
  expect(await shard.deadLetterKeys()).toEqual([]);
  await clock.advance(100);
  expect(await take("second")).toMatchObject({ items: [{ payload: "good" }] });
});

test("where there are as many dead letters as may be, another stays held", async () => {
  const { clock, shard, put, take } = open();
  await put("one", "v", "1");
  await put("two", "v", "2");
  await clock.advance(100);
  const letters = { maxDelayMs: 100, mostLetters: 1 };
  expect(await shard.bury(await take("first", 1), letters, WHY)).toBe("buried");
  expect(await shard.bury(await take("second", 1), letters, WHY)).toBe("full");
  expect(await shard.renew("second", ["2"], 1_000, {})).toEqual([]);
});

test("keys spread over all shards, and always to the same", () => {
  const counts = new Map<number, number>();
  for (let index = 0; index < 16_000; index += 1) {
    const shard = shardOf(`user:${index}`);
    counts.set(shard, (counts.get(shard) ?? 0) + 1);
  }
  expect(counts.size).toBe(SHARD_COUNT);
  for (const count of counts.values()) expect(Math.abs(count - 1_000)).toBeLessThan(200);
  // FNV-1a gives 811c9dc5, e40c292c and bf9cf968: the test vectors of its authors. Folded, the last digits are 5 ^ c, c ^ c and 8 ^ c.
  expect(["", "a", "foobar"].map(shardOf)).toEqual([9, 0, 4]);
});

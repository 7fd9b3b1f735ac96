import { bringRedis, componentSkips, type RedisServer, startRedis } from "@upshift/services";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connectRedis } from "../../src/connect/connect-redis.ts";
import { createMemoryRedis } from "../../src/memory/memory-redis-server.ts";
import type { Argument, Redis, Reply } from "../../src/redis.ts";
import { defineScript } from "../../src/script.ts";
import { luaSnippets } from "../fixtures/lua-snippets.ts";
import { seededRandom } from "../seeded-random.ts";

const skips = await componentSkips("Redis", bringRedis);

/** Of 100 commands. */
const BATCH_COUNT = process.env["UPSHIFT_TEST_SCALE"] === "full" ? 200 : 50;

type Command = readonly [name: string, ...args: Argument[]];
type Outcome = { readonly reply: Reply } | { readonly error: string };

async function outcome(call: Promise<Reply>): Promise<Outcome> {
  try {
    return { reply: await call };
  } catch (error) {
    return { error: error instanceof Error ? error.message : "no error" };
  }
}

/** What is compared of an error: Redis and Lua word some of them by version. */
function kindOf(result: Outcome): Outcome {
  if ("reply" in result) return result;
  return { error: /: ([A-Z]+)/.exec(result.error)?.[1] ?? result.error };
}

describe.skipIf(skips.isMissing)("the in-memory Redis answers as a real one", () => {
  let server: RedisServer;
  let real: Redis;

  beforeAll(async () => {
    server = await startRedis();
    real = connectRedis(server.url, { timeout: "5s" });
  });
  afterAll(async () => {
    await real?.close();
    await server?.stop();
  });

  it.each(luaSnippets)("runs Lua: %s", async (lua) => {
    const memory = createMemoryRedis();
    const script = defineScript("snippet", lua);
    const args = ["one", 2, "3.5", Buffer.from([0xff, 0x00, 0x41])];
    const [actual, expected] = await Promise.all(
      [memory, real].map(async (redis) =>
        kindOf(await outcome(redis.run(script, ["{k}1", "{k}2"], args))),
      ),
    );
    expect(actual).toEqual(expected);
  });

  const PASS_ON = defineScript(
    "pass-on",
    "local reply = redis.pcall(unpack(ARGV)) return {type(reply), type(reply) == 'table' and reply.err or reply}",
  );
  it.each([
    {
      how: "sent",
      send: (redis: Redis, command: Command) => redis.send(command),
      seed: 20_261_122,
    },
    {
      how: "called by a script",
      send: (redis: Redis, command: Command) => redis.run(PASS_ON, [], command),
      seed: 20_261_123,
    },
  ])("gives the same replies over thousands of random commands, $how", async ({ send, seed }) => {
    const memory = createMemoryRedis();
    const random = seededRandom(seed);
    await real.send(["FLUSHALL"]);
    for (let batch = 0; batch < BATCH_COUNT; batch += 1) {
      const commands = Array.from({ length: 100 }, () => randomCommand(random));
      const [actual, expected] = await Promise.all(
        [memory, real].map((redis) =>
          Promise.all(commands.map((command) => outcome(send(redis, command)))),
        ),
      );
      for (const [index, command] of commands.entries())
        expect([command, normal(command, actual?.[index])]).toEqual([
          command,
          normal(command, expected?.[index]),
        ]);
    }
  });
});

/** The order of a hash and of a set is Redis's own business. */
function normal(command: Command, result: Outcome | undefined): unknown {
  const [name] = command;
  if (result === undefined) return undefined;
  if ("reply" in result && Array.isArray(result.reply)) {
    // Of a script: type and reply.
    const [type, reply]: readonly Reply[] = result.reply;
    if (type === "table" && result.reply.length === 2 && reply !== undefined)
      return [type, normal(command, { reply })];
    if (["HKEYS", "HVALS", "SMEMBERS"].includes(name))
      return result.reply.map(String).toSorted((left, right) => (left < right ? -1 : 1));
    if (name === "HGETALL") {
      const texts = result.reply.map(String);
      return Object.fromEntries(
        texts.flatMap((text, index) => (index % 2 === 0 ? [[text, texts[index + 1]]] : [])),
      );
    }
  }
  return result;
}

function randomCommand(random: () => number): Command {
  const pick = <T>(values: readonly [T, ...T[]]): T =>
    values[Math.floor(random() * values.length)] ?? values[0];
  const key = (): string =>
    `${pick(["s", "s", "h", "l", "z", "t", "x"])}${Math.floor(random() * 4)}`;
  const number = (): number => pick([0, 1, -1, 2, 3, -5, 10, 100]);
  const float = (): string =>
    pick(["0", "1", "1.5", "-2.25", "3", "1e3", "inf", "-inf", "x", "10"]);
  const member = (): string => pick(["a", "b", "c", "A", "aa", "é", "", "1", "10"]);
  const bound = (): string => pick(["-inf", "+inf", "(1", "1", "2", "(3", "0"]);
  const lex = (): string => pick(["-", "+", "[a", "(a", "[b", "(c", "x"]);
  const id = (): string => pick(["1-1", "2-0", "5", "5-1", "9-9", "0-0", "0-1", "10-*", "bad"]);
  const typed = (type: string): string =>
    random() < 0.04 ? key() : `${type}${Math.floor(random() * 4)}`;
  const make: readonly (() => Command)[] = [
    () => [
      "SET",
      typed("s"),
      member(),
      ...pick<readonly Argument[]>([
        [],
        ["NX"],
        ["XX"],
        ["GET"],
        ["XX", "GET"],
        ["KEEPTTL"],
        ["PXAT", 4_100_000_000_000],
        ["NX", "XX"],
        ["PX", 0],
        ["PX", 5, "EX", 5],
      ]),
    ],
    () => ["GET", typed("s")],
    () => ["GETDEL", typed("s")],
    () => ["INCRBY", typed("s"), number()],
    () => ["DECR", typed("s")],
    () => ["INCRBYFLOAT", typed("s"), float()],
    () => ["APPEND", typed("s"), member()],
    () => ["STRLEN", typed("s")],
    () => ["GETRANGE", typed("s"), number(), number()],
    () => ["SETNX", typed("s"), member()],
    () => ["MGET", key(), key()],
    () => ["DEL", key(), key()],
    () => ["EXISTS", key(), key()],
    () => ["TYPE", key()],
    () => [
      "PEXPIREAT",
      key(),
      4e12 + 1_000 * number(),
      ...pick<readonly Argument[]>([
        [],
        ["NX"],
        ["XX"],
        ["GT"],
        ["LT"],
        ["NX", "XX"],
        ["GT", "LT"],
      ]),
    ],
    () => ["PEXPIREAT", key(), "9223372036854775807"],
    () => ["PEXPIRETIME", key()],
    () => ["PERSIST", key()],
    () => ["HSET", typed("h"), member(), member(), member(), float()],
    () => ["HSETNX", typed("h"), member(), member()],
    () => ["HGET", typed("h"), member()],
    () => ["HMGET", typed("h"), member(), member()],
    () => ["HGETALL", typed("h")],
    () => ["HDEL", typed("h"), member(), member()],
    () => ["HINCRBY", typed("h"), member(), number()],
    () => ["HINCRBYFLOAT", typed("h"), member(), float()],
    () => ["HLEN", typed("h")],
    () => ["HKEYS", typed("h")],
    () => ["HSTRLEN", typed("h"), member()],
    () => ["SADD", typed("t"), member(), member()],
    () => ["SREM", typed("t"), member(), member()],
    () => ["SMEMBERS", typed("t")],
    () => ["SISMEMBER", typed("t"), member()],
    () => ["SMISMEMBER", typed("t"), member(), member()],
    () => ["SCARD", typed("t")],
    () => ["RPUSH", typed("l"), member(), member()],
    () => ["LPUSH", typed("l"), member()],
    () => ["LPOP", typed("l"), ...pick<readonly Argument[]>([[], [2], [0]])],
    () => ["RPOP", typed("l")],
    () => ["LRANGE", typed("l"), number(), number()],
    () => ["LTRIM", typed("l"), number(), number()],
    () => ["LREM", typed("l"), number(), member()],
    () => ["LINDEX", typed("l"), number()],
    () => ["LSET", typed("l"), number(), member()],
    () => ["LMOVE", typed("l"), typed("l"), pick(["LEFT", "RIGHT", "UP"]), pick(["LEFT", "RIGHT"])],
    () => [
      "ZADD",
      typed("z"),
      ...pick<readonly Argument[]>([
        [],
        ["NX"],
        ["XX"],
        ["GT"],
        ["LT", "CH"],
        ["XX", "CH"],
        ["INCR"],
        ["NX", "GT"],
      ]),
      float(),
      member(),
    ],
    () => ["ZADD", typed("z"), "CH", float(), member(), number(), member()],
    () => ["ZINCRBY", typed("z"), float(), member()],
    () => ["ZSCORE", typed("z"), member()],
    () => ["ZMSCORE", typed("z"), member(), member()],
    () => ["ZRANK", typed("z"), member()],
    () => ["ZREVRANK", typed("z"), member()],
    () => ["ZCOUNT", typed("z"), bound(), bound()],
    () => ["ZLEXCOUNT", "z9", lex(), lex()],
    () => [
      "ZRANGE",
      typed("z"),
      number(),
      number(),
      ...pick<readonly Argument[]>([
        [],
        ["REV"],
        ["WITHSCORES"],
        ["REV", "WITHSCORES"],
        ["LIMIT", 0, 1],
      ]),
    ],
    () => [
      "ZRANGE",
      typed("z"),
      bound(),
      bound(),
      "BYSCORE",
      ...pick<readonly Argument[]>([[], ["REV"], ["LIMIT", 1, 2], ["WITHSCORES"]]),
    ],
    () => [
      "ZRANGEBYSCORE",
      typed("z"),
      bound(),
      bound(),
      ...pick<readonly Argument[]>([[], ["LIMIT", 0, -1], ["WITHSCORES"]]),
    ],
    () => ["ZREVRANGEBYSCORE", typed("z"), bound(), bound()],
    () => ["ZREVRANGE", typed("z"), number(), number(), "WITHSCORES"],
    () => ["ZREM", typed("z"), member(), member()],
    () => ["ZREMRANGEBYRANK", typed("z"), number(), number()],
    () => ["ZREMRANGEBYSCORE", typed("z"), bound(), bound()],
    () => ["ZPOPMIN", typed("z"), ...pick<readonly Argument[]>([[], [2]])],
    () => ["ZPOPMAX", typed("z")],
    () => ["ZCARD", typed("z")],
    () => [
      "XADD",
      typed("x"),
      ...pick<readonly Argument[]>([
        [],
        ["MAXLEN", 3],
        ["NOMKSTREAM"],
        ["MINID", "=", "2"],
        ["MAXLEN", -1],
      ]),
      id(),
      "f",
      member(),
    ],
    () => ["XLEN", typed("x")],
    () => [
      "XRANGE",
      typed("x"),
      pick(["-", id(), `(${id()}`]),
      pick(["+", id(), `(${id()}`]),
      ...pick<readonly Argument[]>([[], ["COUNT", 2], ["COUNT", 0], ["COUNT", -1]]),
    ],
    () => ["XREVRANGE", typed("x"), "+", "-", "COUNT", 1],
    () => [
      "XREAD",
      "COUNT",
      pick([2, 0]),
      "STREAMS",
      `x${number()}`,
      pick(["0", "1-1", "5", "9-9"]),
    ],
    () => ["XDEL", typed("x"), id()],
    () => ["XTRIM", typed("x"), "MAXLEN", 2],
    () => ["GET"],
    () => ["SET", "s1"],
    () => ["NOSUCH", "thing"],
  ];
  return (make[Math.floor(random() * make.length)] ?? (() => ["PING"] as const))();
}

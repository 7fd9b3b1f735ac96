import { expect } from "vitest";
import type { ContractCases } from "./redis-contract.ts";

/** The commands that this package and the cache are built from. */
export const commandCases: ContractCases = {
  "sets only where there is none, or only where there is one": async ({ redis, key }) => {
    expect(await redis.send(["SET", key, "a", "XX"])).toBeNull();
    expect(await redis.send(["SET", key, "b", "NX", "PX", 60_000])).toBe("OK");
    expect(await redis.send(["SET", key, "c", "NX"])).toBeNull();
    expect(await redis.send(["SET", key, "d", "XX", "GET"])).toBe("b");
    expect(await redis.send(["GETDEL", key])).toBe("d");
    expect(await redis.send(["EXISTS", key])).toBe(0);
  },

  "counts, with and without a fraction": async ({ redis, key }) => {
    expect(await redis.send(["INCR", `${key}:n`])).toBe(1);
    expect(await redis.send(["DECRBY", `${key}:n`, 5])).toBe(-4);
    expect(await redis.send(["INCRBYFLOAT", `${key}:f`, "1.5"])).toBe("1.5");
    expect(await redis.send(["HINCRBY", `${key}:h`, "n", 7])).toBe(7);
    expect(await redis.send(["HINCRBYFLOAT", `${key}:h`, "f", "0.25"])).toBe("0.25");
    await redis.send(["SET", `${key}:n`, "9223372036854775807"]);
    await expect(redis.send(["INCR", `${key}:n`])).rejects.toMatchObject({ kind: "ERR" });
  },

  "deletes what is there, and says how many": async ({ redis, key }) => {
    await redis.send(["MSET", `${key}:a`, 1, `${key}:b`, 2]);
    expect(await redis.send(["UNLINK", `${key}:a`, `${key}:b`, `${key}:c`])).toBe(2);
    expect(await redis.send(["DEL", `${key}:a`])).toBe(0);
    expect(await redis.send(["TYPE", `${key}:a`])).toBe("none");
  },

  "keeps a hash until its last field goes": async ({ redis, key }) => {
    await redis.send(["HSET", key, "a", 1, "b", 2, "c", 3]);
    expect(await redis.send(["HLEN", key])).toBe(3);
    expect(await redis.send(["HEXISTS", key, "a"])).toBe(1);
    expect(await redis.send(["HSETNX", key, "a", 9])).toBe(0);
    expect(await redis.send(["HKEYS", key])).toEqual(["a", "b", "c"]);
    expect(await redis.send(["HVALS", key])).toEqual(["1", "2", "3"]);
    expect(await redis.send(["HDEL", key, "a", "b", "x"])).toBe(2);
    expect(await redis.send(["HDEL", key, "c"])).toBe(1);
    expect(await redis.send(["EXISTS", key])).toBe(0);
  },

  "ranks by score, then by the bytes of the member": async ({ redis, key }) => {
    await redis.send(["ZADD", key, 2, "b", 2, "a", 1, "z", 2, "Z"]);
    expect(await redis.send(["ZRANGE", key, 0, -1])).toEqual(["z", "Z", "a", "b"]);
    expect(await redis.send(["ZRANGE", key, 0, 1, "REV"])).toEqual(["b", "a"]);
    expect(await redis.send(["ZRANK", key, "a"])).toBe(2);
    expect(await redis.send(["ZREVRANK", key, "a"])).toBe(1);
    expect(await redis.send(["ZCOUNT", key, "(1", "+inf"])).toBe(3);
    expect(await redis.send(["ZRANGEBYSCORE", key, 2, 2, "LIMIT", 1, 1])).toEqual(["a"]);
    expect(await redis.send(["ZADD", key, "GT", "CH", 1, "a", 5, "b"])).toBe(1);
    expect(await redis.send(["ZADD", key, "NX", 9, "a"])).toBe(0);
    expect(await redis.send(["ZREMRANGEBYRANK", key, 0, 0])).toBe(1);
    expect(await redis.send(["ZREMRANGEBYSCORE", key, "-inf", "(5"])).toBe(2);
    expect(await redis.send(["ZREM", key, "b", "x"])).toBe(1);
    expect(await redis.send(["ZCARD", key])).toBe(0);
  },

  "pushes, pops and trims a list": async ({ redis, key }) => {
    expect(await redis.send(["RPUSH", key, "a", "b", "c", "d"])).toBe(4);
    expect(await redis.send(["LPUSH", key, "z"])).toBe(5);
    expect(await redis.send(["LRANGE", key, 0, -1])).toEqual(["z", "a", "b", "c", "d"]);
    expect(await redis.send(["LPOP", key])).toBe("z");
    expect(await redis.send(["RPOP", key])).toBe("d");
    expect(await redis.send(["LTRIM", key, 1, -1])).toBe("OK");
    expect(await redis.send(["LREM", key, 0, "b"])).toBe(1);
    expect(await redis.send(["LLEN", key])).toBe(1);
    expect(await redis.send(["LINDEX", key, 0])).toBe("c");
  },

  "caps a stream, and reads what follows": async ({ redis, key }) => {
    for (let entry = 1; entry <= 5; entry += 1)
      await redis.send(["XADD", key, "MAXLEN", "=", 3, `${entry}-0`, "n", entry]);
    expect(await redis.send(["XLEN", key])).toBe(3);
    expect(await redis.send(["XRANGE", key, "(3-0", "+", "COUNT", 1])).toEqual([
      ["4-0", ["n", "4"]],
    ]);
    expect(await redis.send(["XREVRANGE", key, "+", "-", "COUNT", 1])).toEqual([
      ["5-0", ["n", "5"]],
    ]);
    await expect(redis.send(["XADD", key, "5-0", "n", "6"])).rejects.toMatchObject({ kind: "ERR" });
    const id = await redis.send(["XADD", key, "*", "n", "6"]);
    expect(id).toMatch(/^\d+-\d+$/);
    expect(await redis.send(["XDEL", key, "4-0"])).toBe(1);
  },

  "tells the server's time in seconds and microseconds": async ({ redis }) => {
    const time = await redis.send(["TIME"], { key: null });
    expect(time).toEqual([expect.stringMatching(/^\d+$/), expect.stringMatching(/^\d{1,6}$/)]);
  },

  "answers commands without a key": async ({ redis }) => {
    expect(await redis.send(["PING"])).toBe("PONG");
    expect(await redis.send(["PING"], { key: null })).toBe("PONG");
  },
};

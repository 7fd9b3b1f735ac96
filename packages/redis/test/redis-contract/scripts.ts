import { expect } from "vitest";
import { defineScript } from "../../src/script.ts";
import type { ContractCases } from "./redis-contract.ts";

const SHAPES = defineScript(
  "shapes",
  `return {KEYS[1], ARGV[1], 3, 3.99, true, false, {1, {'x'}}, redis.status_reply('FINE'), 'end'}`,
);
const HANDLED = defineScript(
  "handled",
  `local reply = redis.pcall('INCR', KEYS[1])
   if type(reply) == 'table' and reply.err then return 'error: ' .. reply.err end
   return reply`,
);
const TYPES = defineScript(
  "types",
  `redis.call('SET', KEYS[1], 'v')
   local missing = redis.call('GET', KEYS[1] .. ':none')
   local ok = redis.call('SET', KEYS[1], 'w')
   return {type(missing), tostring(missing), type(ok), ok.ok,
     type(redis.call('INCR', KEYS[1] .. ':n')), tostring(10 / 2), tostring(7 / 2), tostring(2^53),
     string.format('%.0f', 1e15), tostring(tonumber('12')), tostring(tonumber('x')), tostring(1e15)}`,
);
const JSON_ROUND = defineScript(
  "json",
  `local value = cjson.decode(ARGV[1])
   value.n = value.n + 1
   return {cjson.encode({value.n, value.s, value.list[2], cjson.null}), tostring(value.gone == cjson.null)}`,
);
const TIME = defineScript("time", `local t = redis.call('TIME') return t[1] * 1000000 + t[2]`);

export const scriptCases: ContractCases = {
  "runs a script, and gives tables, numbers, booleans and nil as Redis does": async ({
    redis,
    key,
  }) => {
    // A float is cut, true is 1, false is nothing.
    const expected = [key, "v", 3, 3, 1, null, [1, ["x"]], "FINE", "end"];
    expect(await redis.run(SHAPES, [key], ["v"])).toEqual(expected);
    const bytes = await redis.run(SHAPES, [key], [Buffer.from([0xff, 0])], { asBuffers: true });
    expect(Array.isArray(bytes) && bytes[1]).toEqual(Buffer.from([0xff, 0]));
  },

  "shows scripts replies and numbers as Lua 5.1 does": async ({ redis, key }) => {
    expect(await redis.run(TYPES, [key], [])).toEqual([
      "boolean",
      "false",
      "table",
      "OK",
      "number",
      "5",
      "3.5",
      "9.007199254741e+15",
      "1000000000000000",
      "12",
      "nil",
      "1e+15",
    ]);
  },

  "gives scripts cjson": async ({ redis, key }) => {
    const document = JSON.stringify({ n: 41, s: 'a"b', list: [1, "two"], gone: null });
    expect(await redis.run(JSON_ROUND, [key], [document])).toEqual([
      '[42,"a\\"b","two",null]',
      "true",
    ]);
  },

  "lets a script handle an error, and passes one that it does not": async ({ redis, key }) => {
    await redis.send(["SET", key, "text"]);
    expect(await redis.run(HANDLED, [key], [])).toMatch(/^error: .*not an integer/);
    const raise = defineScript("raise", `return redis.error_reply('MINE because ' .. ARGV[1])`);
    await expect(redis.run(raise, [key], ["so"])).rejects.toMatchObject({
      code: "UPSHIFT_REDIS_REPLY",
      kind: "MINE",
    });
    const call = defineScript("call", `return redis.call('LPUSH', KEYS[1], 'x')`);
    await expect(redis.run(call, [key], [])).rejects.toMatchObject({ kind: "WRONGTYPE" });
    const broken = defineScript("broken", `return (`);
    await expect(redis.run(broken, [key], [])).rejects.toMatchObject({
      code: "UPSHIFT_REDIS_REPLY",
    });
  },

  "loads a script again after the server has forgotten it": async ({ redis, key }) => {
    const count = defineScript("count", `return redis.call('INCR', KEYS[1])`);
    expect(await redis.run(count, [key], [])).toBe(1);
    for (const master of await redis.masters()) await master.send(["SCRIPT", "FLUSH"]);
    const replies = await Promise.all(
      Array.from({ length: 50 }, () => redis.run(count, [key], [])),
    );
    // Each ran once, however many found it missing.
    expect(replies).toEqual(Array.from({ length: 50 }, (_, index) => index + 2));
  },

  "runs a script on every node": async ({ redis, key }) => {
    const set = defineScript("set", `return redis.call('SET', KEYS[1], ARGV[1])`);
    const keys = Array.from({ length: 60 }, (_, index) => `${key.slice(1, -1)}:node:${index}`);
    const replies = await Promise.all(keys.map((each) => redis.run(set, [each], [each])));
    expect(new Set(replies)).toEqual(new Set(["OK"]));
    expect(await Promise.all(keys.map((each) => redis.send(["GET", each])))).toEqual(keys);
  },

  "tells scripts the time": async ({ redis, key }) => {
    const first = await redis.run(TIME, [key], []);
    expect(first).toBeGreaterThan(0);
  },
};

import {
  bringRedis,
  componentSkips,
  createTestDatabase,
  type RedisServer,
  startRedis,
} from "@upshift/services";
import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  it,
  onTestFinished,
} from "vitest";
import { CLIENTS } from "../fixtures/clients.ts";
import { eventually } from "../fixtures/eventually.ts";
import { Fleet, type MemberOptions } from "../fixtures/fleet.ts";
import {
  keys,
  shopMember,
  startReady,
  statusOf,
  Table,
  tagOf,
  untilStored,
  values,
} from "../fixtures/shop.ts";
import { seededRandom } from "../write-behind/seeded-random.ts";

const skips = await componentSkips("the levels of a cache", bringRedis);
const isFull = process.env["UPSHIFT_TEST_SCALE"] === "full";
const TAGGED = isFull ? 100_000 : 10_000;
const WRITES = isFull ? 400 : 80;

const KINDS: Readonly<Record<string, unknown>> = {
  date: new Date(Date.UTC(2026, 1, 3, 4, 5, 6, 789)),
  map: new Map<unknown, unknown>([
    ["a", 1n],
    [2, new Date(5)],
  ]),
  set: new Set([1, "two", 3n]),
  bigint: 2n ** 80n,
  buffer: Buffer.from([0, 255, 128, 10, 13]),
  nested: { when: new Date(0), ids: [1n, 2n], blob: Buffer.from("é"), none: null, gone: undefined },
  zero: 0,
  negative: -0,
  false: false,
  empty: "",
  null: null,
  undefined,
  nan: Number.NaN,
  infinity: Number.NEGATIVE_INFINITY,
  text: 'a\nb|c "d" \u2028 \ud83d\ude00',
};

/** Commands so far, those of scripts too, without what only asks whether somebody is there. */
async function commandCount(server: RedisServer): Promise<number> {
  const stats = await server.command("INFO", "commandstats");
  return [...stats.matchAll(/cmdstat_(\w+)[^:]*:calls=(\d+)/g)]
    .filter(([, name = ""]) => !["info", "quit", "ping"].includes(name))
    .reduce((sum, [, , calls]) => sum + Number(calls), 0);
}

describe.skipIf(skips.isMissing).each(CLIENTS)("with %s", (client) => {
  let server: RedisServer;
  const fleet = new Fleet();
  let rows = new Table();
  beforeAll(async () => {
    server = await startRedis();
  });
  beforeEach(async () => {
    await server.command("FLUSHALL");
    rows = new Table();
    rows.serve(fleet);
  });
  afterEach(async () => {
    await fleet.stop();
  });
  afterAll(async () => {
    await server?.stop();
  });

  /** Patient: what is tested here is no failure. */
  const memberOptions = (policy: object = {}, namespace = "shop"): MemberOptions => ({
    ...shopMember(client, server.url, { loadTimeout: { hard: "30s" }, lease: "10s", ...policy }),
    options: { namespace, l2: { hardTimeout: "10s" }, backplane: { heartbeat: 200 } },
  });
  /** Reads by a process that has nothing in memory. */
  const readAfresh = async (
    options: MemberOptions,
    inputs: readonly string[],
  ): Promise<readonly unknown[]> => {
    const [fresh] = await startReady(fleet, 1, options);
    const read = values(await fresh.each("item", inputs));
    await fresh.kill();
    return read;
  };

  it("values of every kind come through Redis as they were", async () => {
    fleet.onLoad = (load) => load.answer({ value: KINDS[String(load.input)] });
    const inputs = Object.keys(KINDS);
    const [loader, reader] = await startReady(fleet, 2, memberOptions());
    expect(values(await loader.each("item", inputs))).toEqual(Object.values(KINDS));
    await untilStored(server, inputs);
    expect(fleet.loads).toHaveLength(inputs.length);
    const read = values((await reader?.each("item", inputs)) ?? []);
    expect(read).toEqual(Object.values(KINDS));
    expect(Object.is(read[inputs.indexOf("negative")], -0)).toBe(true);
    // Each by its own type, and from memory as well.
    expect(values((await reader?.each("item", inputs)) ?? [])).toEqual(Object.values(KINDS));
    expect(fleet.loads).toHaveLength(inputs.length);
  });

  it("what is in memory ends when it ends in Redis, however late it was read", async () => {
    const options = memberOptions({ ttl: 2_000 });
    const [loader, reader] = await startReady(fleet, 2, options);
    await loader.call("get", ["item", "k"]);
    await untilStored(server, ["k"]);
    const leftMs = async (): Promise<number> =>
      Number((await server.command("PTTL", "shop:item:k")).slice(1));
    await eventually("most of its time is over", async () => (await leftMs()) < 1_000);
    expect(await reader?.call("get", ["item", "k"])).toBe(1);
    expect(fleet.loadCountOf("k")).toBe(1);
    rows.write("k");
    await eventually("it has ended", async () => (await leftMs()) === -2);
    for (const member of [loader, reader]) {
      expect(await member?.call("peek", ["item", "k"])).toBeUndefined();
      expect(await member?.call("get", ["item", "k"])).toBe(2);
    }
    expect(fleet.loadCountOf("k")).toBe(2);
  });

  it("what slides lives while any process reads it, and ends when none does", async () => {
    const options = memberOptions({ ttl: "1h", sliding: 1_200 });
    const [reader, other] = await startReady(fleet, 2, options);
    await reader.call("get", ["item", "k"]);
    await untilStored(server, ["k"]);
    rows.write("k");
    await reader.call("work", ["item", ["k"]]);
    const begunAtMs = performance.now();
    await eventually("three slides", () => performance.now() - begunAtMs > 3_600);
    // Its memory has never seen it: Redis was told.
    expect(await other?.call("get", ["item", "k"])).toBe(1);
    expect((await reader.rest("item")).values).toEqual([1]);
    expect(fleet.loadCountOf("k")).toBe(1);
    const restedAtMs = performance.now();
    await eventually("two slides", () => performance.now() - restedAtMs > 2_400);
    expect(await other?.call("get", ["item", "k"])).toBe(2);
    expect(await reader.call("get", ["item", "k"])).toBe(2);
    expect(fleet.loadCountOf("k")).toBe(2);
  });

  it("what slides ends with its `ttl`, however often it is read", async () => {
    const [reader] = await startReady(fleet, 1, memberOptions({ ttl: 1_500, sliding: 1_000 }));
    await reader.call("get", ["item", "k"]);
    rows.write("k");
    await reader.call("work", ["item", ["k"]]);
    await eventually("it was loaded again", () => fleet.loadCountOf("k") > 1);
    expect((await reader.rest("item")).values).toEqual([1, 2]);
  });

  it("two namespaces on one Redis know nothing of each other", async () => {
    const [shop] = await startReady(fleet, 1, memberOptions({}, "shop"));
    const [other] = await startReady(fleet, 1, memberOptions({}, "shop.eu"));
    const inputs = ["a", "b", "shop.eu:item:a"];
    await shop.each("item", inputs);
    await other.each("item", inputs);
    const loads = fleet.loads.length;
    expect(loads).toBe(6);
    const targets = [
      { all: "*" },
      { all: "item" },
      { tag: tagOf("a") },
      { key: ["item", "a"] },
      { pattern: "*" },
    ];
    for (const target of targets)
      expect(await statusOf(shop.call("invalidate", [target]))).toBe("applied");
    expect(await server.command("EVAL", "return #redis.call('KEYS', ARGV[1])", "0", "shop:*")).toBe(
      ":0",
    );
    expect(await readAfresh(memberOptions({}, "shop.eu"), inputs)).toEqual([1, 1, 1]);
    for (const input of inputs) expect(await other.call("peek", ["item", input])).toBe(1);
    expect(fleet.loads.length).toBe(loads);
  });

  it(
    "a tag of many values is invalidated with as many commands as one of few",
    { timeout: isFull ? 300_000 : 60_000 },
    async () => {
      const shop = memberOptions({ own: true });
      const options: MemberOptions = {
        ...shop,
        // No heartbeat among the commands that are counted.
        options: { ...shop.options, backplane: { heartbeat: "1h", disconnectedTtl: "2h" } },
      };
      const [writer, other] = await startReady(fleet, 2, options);
      const few = keys(100, "few");
      const many = keys(TAGGED, "many");
      await writer.call("fill", ["item", few, { tags: ["few", "any"] }]);
      await writer.call("fill", ["item", many, { tags: ["many", "any"] }]);
      const commands = async (tag: string): Promise<number> => {
        const before = await commandCount(server);
        expect(await statusOf(writer.call("invalidate", [{ tag }]))).toBe("applied");
        return (await commandCount(server)) - before;
      };
      const sample = many.filter((_, index) => index % Math.floor(TAGGED / 100) === 0);
      expect(values((await other?.each("item", sample)) ?? [])).toEqual(sample);
      const ofFew = await commands("few");
      expect(ofFew).toBeLessThan(20);
      expect(await commands("many")).toBe(ofFew);
      for (const member of [writer, other])
        for (const inputs of [few, sample])
          await eventually("they are gone everywhere", async () => {
            const read = values((await member?.each("item", inputs)) ?? []);
            return read.every((value, index) => value === `loaded ${inputs[index] ?? ""}`);
          });
      expect(await readAfresh(options, sample)).toEqual(sample.map((input) => `loaded ${input}`));
    },
  );

  it(
    "written through from two processes at once, the cache ends with nothing that the database does not have",
    { timeout: isFull ? 240_000 : 60_000 },
    async () => {
      const random = seededRandom(client.length);
      const database = await createTestDatabase();
      onTestFinished(() => database.drop());
      await database.query("CREATE TABLE item (id text PRIMARY KEY, value int NOT NULL)");
      const someMs = (): number => Math.floor(random() * 12);
      fleet.onLoad = (load) =>
        load.answer({ value: load.input === "write" ? [someMs(), someMs()] : someMs() });
      const options = { ...memberOptions({ writes: true }), database: database.url };
      const members = await startReady(fleet, 2, options);
      const inputs = keys(6);
      for (const [index, input] of inputs.entries())
        await members[0].call("set", ["item", input, index]);
      let last = 100;
      const lane = async (): Promise<void> => {
        for (let step = 0; step < WRITES; step += 1) {
          const member = members[Math.floor(random() * 2)] ?? members[0];
          const input = inputs[Math.floor(random() * inputs.length)] ?? "";
          const draw = random();
          last += 1;
          if (draw < 0.5) await member.call("set", ["item", input, last]);
          else if (draw < 0.9) await member.call("get", ["item", input]);
          else await member.call("delete", ["item", input]);
        }
      };
      await Promise.all(Array.from({ length: 8 }, lane));
      const found = await database.query("SELECT id, value FROM item ORDER BY id");
      expect(found.map(({ id }) => id)).toEqual(inputs);
      const stored = found.map(({ value }) => value);
      // What Redis has is what the database has; and so has, as soon as messages have come, every memory.
      expect(await readAfresh(options, inputs)).toEqual(stored);
      for (const member of members)
        await eventually("memory has it", async () => {
          const read = values(await member.each("item", inputs));
          return JSON.stringify(read) === JSON.stringify(stored);
        });
    },
  );
});

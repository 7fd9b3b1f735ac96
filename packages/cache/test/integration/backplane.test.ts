import { bringRedis, componentSkips, type RedisServer, startRedis } from "@upshift/services";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { CLIENTS } from "../fixtures/clients.ts";
import { eventually } from "../fixtures/eventually.ts";
import { Fleet, type Member } from "../fixtures/fleet.ts";
import { type Fate, type MessageProxy, startMessageProxy } from "../fixtures/message-proxy.ts";
import {
  keys,
  OPTIONS,
  shopMember,
  startReady,
  statusOf,
  Table,
  tagOf,
  values,
} from "../fixtures/shop.ts";
import { seededRandom } from "../write-behind/seeded-random.ts";

const skips = await componentSkips("a cache whose messages are lost", bringRedis);
const isFull = process.env["UPSHIFT_TEST_SCALE"] === "full";
const STEPS = isFull ? 2_000 : 300;

/** Nothing but the heartbeat ends what is in memory before the test does. */
const BACKPLANE = { heartbeat: 200, disconnectedTtl: "10m" };

function shuffled<T>(items: readonly T[], random: () => number): readonly T[] {
  return items
    .map((item) => ({ item, at: random() }))
    .toSorted((one, other) => one.at - other.at)
    .map(({ item }) => item);
}

describe.skipIf(skips.isMissing).each(CLIENTS)("with %s", (client) => {
  let server: RedisServer;
  let proxy: MessageProxy;
  const fleet = new Fleet();
  let table = new Table();
  beforeAll(async () => {
    server = await startRedis();
  });
  beforeEach(async () => {
    await server.command("FLUSHALL");
    proxy = await startMessageProxy(server.port);
    table = new Table();
    table.serve(fleet);
  });
  afterEach(async () => {
    await fleet.stop();
    await proxy.stop();
  });
  afterAll(async () => {
    await server?.stop();
  });

  const startBoth = async (
    backplane: object = BACKPLANE,
  ): Promise<{ readonly writer: Member; readonly reader: Member }> => {
    const options = { ...OPTIONS, l2: { hardTimeout: "5s" }, backplane };
    const [writer] = await startReady(fleet, 1, {
      ...shopMember(client, server.url),
      options,
    });
    const [reader] = await startReady(fleet, 1, {
      ...shopMember(client, `redis://127.0.0.1:${proxy.port}`),
      options,
    });
    // Memory is off before it hears messages.
    await eventually("messages arrive", async () => {
      await writer.call("invalidate", [{ tag: "any" }]);
      return proxy.messageCount > 0;
    });
    return { writer, reader };
  };

  const changes = ["delete", "tag", "pattern", "clear", "set"] as const;
  const change = async (
    member: Member,
    input: string,
    kind: (typeof changes)[number],
  ): Promise<void> => {
    table.write(input);
    const status = {
      delete: () => member.call("delete", ["item", input]),
      tag: () => member.call("invalidate", [{ tag: tagOf(input) }]),
      pattern: () => member.call("invalidate", [{ pattern: `item:${input}` }]),
      clear: () => member.call("invalidate", [{ all: "item" }]),
      set: () => member.call("set", ["item", input, table.read(input)]),
    };
    expect(await statusOf(status[kind]())).toBe("applied");
  };

  const fates: readonly (readonly [string, (body: string) => Fate])[] = [
    ["lost", () => 0],
    ["held back", () => "held"],
    ["sent twice", () => 2],
  ];
  it.each(fates)(
    "what was invalidated is given out no longer than a heartbeat when messages are %s",
    async (_, fate) => {
      const { writer, reader } = await startBoth();
      const inputs = keys(changes.length);
      await reader.each("item", inputs);
      proxy.decide(fate);
      for (const [index, kind] of changes.entries())
        await change(writer, inputs[index] ?? "", kind);
      const latest = inputs.map((input) => table.read(input));
      await eventually("the heartbeat has told it", async () => {
        const seen = values(await reader.each("item", inputs));
        return JSON.stringify(seen) === JSON.stringify(latest);
      });
      // Late messages are of what is known already: they cost no load.
      const loads = fleet.loads.length;
      proxy.release();
      proxy.release((held) => held);
      proxy.decide(() => 1);
      await change(writer, "other", "delete");
      await eventually("they have arrived", async () => (await reader.stats()).redis.isInSync);
      expect(values(await reader.each("item", inputs))).toEqual(latest);
      expect(fleet.loads.length).toBe(loads);
    },
  );

  it(
    "with messages lost, doubled, late and out of order at random, no read goes back in time, and all end with the latest",
    { timeout: isFull ? 240_000 : 60_000 },
    async () => {
      const random = seededRandom(41);
      const { writer, reader } = await startBoth();
      const inputs = keys(12);
      proxy.decide(() => {
        const draw = random();
        return draw < 0.2 ? 0 : draw < 0.4 ? 2 : draw < 0.8 ? "held" : 1;
      });
      const seen = new Map<string, number>();
      const backwards: string[] = [];
      for (let step = 0; step < STEPS; step += 1) {
        const input = inputs[Math.floor(random() * inputs.length)] ?? "";
        const kind = changes[Math.floor(random() * changes.length)] ?? "delete";
        await change(random() < 0.8 ? writer : reader, input, kind);
        if (random() < 0.3) proxy.release((held) => shuffled([...held, ...held], random));
        const read = inputs[Math.floor(random() * inputs.length)] ?? "";
        const value = Number(await reader.call("get", ["item", read]));
        if (value < (seen.get(read) ?? 0)) backwards.push(`${read}: ${value} in step ${step}`);
        seen.set(read, value);
      }
      expect(backwards).toEqual([]);
      const latest = inputs.map((input) => table.read(input));
      await eventually("the heartbeat has told it", async () => {
        const now = values(await reader.each("item", inputs));
        return JSON.stringify(now) === JSON.stringify(latest);
      });
    },
  );

  it("with a subscriber that is half open, stale values end with the heartbeat, and messages come again", async () => {
    const { writer, reader } = await startBoth();
    const inputs = keys(changes.length);
    await reader.each("item", inputs);
    proxy.muteSubscribers(true);
    const before = proxy.messageCount;
    for (const [index, kind] of changes.entries()) await change(writer, inputs[index] ?? "", kind);
    const latest = inputs.map((input) => table.read(input));
    await eventually("the heartbeat has told it", async () => {
      const seen = values(await reader.each("item", inputs));
      return JSON.stringify(seen) === JSON.stringify(latest);
    });
    expect(proxy.messageCount).toBe(before);
    proxy.muteSubscribers(false);
    await eventually("messages arrive", async () => {
      await change(writer, "other", "delete");
      return proxy.messageCount > before;
    });
  });

  it("a process that hears nothing of Redis any more believes its memory for `disconnectedTtl`", async () => {
    const { writer, reader } = await startBoth({ heartbeat: 200, disconnectedTtl: 800 });
    const inputs = keys(5);
    await reader.each("item", inputs);
    await proxy.stop();
    for (const input of inputs) await change(writer, input, "delete");
    await eventually("it asks the database", async () => {
      const seen = values(await reader.each("item", inputs));
      return seen.every((value) => value === 2);
    });
    expect((await reader.stats()).redis.isInSync).toBe(false);
  });

  it("a message that it cannot read makes it forget what it has", async () => {
    const { writer, reader } = await startBoth();
    await reader.call("get", ["item", "k"]);
    await eventually(
      "it is in memory",
      async () => (await reader.call("peek", ["item", "k"])) === 1,
    );
    await server.command("PUBLISH", "{shop}:news", "1 2 of a later version");
    await eventually(
      "it has forgotten",
      async () => (await reader.call("peek", ["item", "k"])) === undefined,
    );
    expect(await reader.call("get", ["item", "k"])).toBe(1);
    await change(writer, "k", "delete");
    await eventually("it goes on", async () => (await reader.call("get", ["item", "k"])) === 2);
  });

  it("without memory, a read sees at once what was applied, whatever becomes of messages", async () => {
    const options = { ...OPTIONS, l2: { hardTimeout: "5s" }, backplane: { heartbeat: 20 } };
    const policy = { l1Ttl: 0 };
    const [writer] = await startReady(fleet, 1, {
      ...shopMember(client, server.url, policy),
      options,
    });
    const [reader] = await startReady(fleet, 1, {
      ...shopMember(client, `redis://127.0.0.1:${proxy.port}`, policy),
      options,
    });
    proxy.decide(() => 0);
    for (let round = 0; round < 40; round += 1) {
      const kind = changes[round % changes.length] ?? "delete";
      await change(writer, "k", kind);
      expect(await reader.call("get", ["item", "k"])).toBe(table.read("k"));
    }
  });
});

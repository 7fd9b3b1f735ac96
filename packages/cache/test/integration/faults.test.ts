import { setTimeout as pause } from "node:timers/promises";
import {
  bringRedis,
  componentSkips,
  type RedisServer,
  startRedis,
  startTcpProxy,
} from "@upshift/services";
import { afterEach, describe, expect, it, onTestFinished } from "vitest";
import { CLIENTS } from "../fixtures/clients.ts";
import { eventually } from "../fixtures/eventually.ts";
import { Fleet, type Member } from "../fixtures/fleet.ts";
import {
  DISCONNECTED_MS,
  HARD_MS,
  isDelivered,
  keys,
  NEVER_MS,
  OPTIONS,
  shopMember,
  startReady,
  statusOf,
  Table,
  tagOf,
  untilStored,
  values,
} from "../fixtures/shop.ts";

const skips = await componentSkips("a cache whose Redis fails", bringRedis);

async function startServer(settings: Readonly<Record<string, string>> = {}): Promise<RedisServer> {
  const server = await startRedis({ settings });
  onTestFinished(() => server.stop());
  return server;
}

const urlOf = ({ port }: { readonly port: number }): string => `redis://127.0.0.1:${port}`;

const POPULATE = `for index = 1, tonumber(ARGV[2]) do redis.call('SET', ARGV[1] .. ':' .. index, string.rep('x', 200)) end`;

/** Changes a row and says so: by key and by tag in turn. */
async function change(table: Table, member: Member, input: string, turn: number): Promise<string> {
  table.write(input);
  const target = turn % 2 === 0 ? { key: ["item", input] } : { tag: tagOf(input) };
  return await statusOf(member.call("invalidate", [target]));
}

async function expectLatest(
  members: readonly Member[],
  table: Table,
  inputs: readonly string[],
): Promise<void> {
  const latest = inputs.map((input) => table.read(input));
  for (const member of members)
    await eventually("nobody gives out what was invalidated", async () => {
      const seen = values(await member.each("item", inputs));
      return JSON.stringify(seen) === JSON.stringify(latest);
    });
}

describe.skipIf(skips.isMissing).each(CLIENTS)("with %s", (client) => {
  const fleet = new Fleet();
  const table = { current: new Table() };
  const serve = (): Table => {
    table.current = new Table();
    table.current.serve(fleet);
    return table.current;
  };
  afterEach(async () => {
    await fleet.stop();
  });

  describe("killed and restarted under load", () => {
    const modes = [
      ["with all it had", { appendonly: "yes", appendfsync: "always" }, "EXISTS"],
      ["with an older memory", {}, "SAVE"],
      ["with no memory", {}, "EXISTS"],
    ] as const;
    it.each(modes)("%s", { timeout: 60_000 }, async (_, settings, persist) => {
      const server = await startServer(settings);
      const rows = serve();
      const all = keys(20);
      const members = await startReady(fleet, 3, shopMember(client, server.url));
      for (const member of members) await member.each("item", all);
      await untilStored(server, all);
      await server.command(persist, ...(persist === "EXISTS" ? [""] : []));
      for (const member of members) await member.call("work", ["item", all]);

      const statuses: string[] = [];
      /** What the row was when its last invalidation was answered `applied`. */
      const applied = new Map<string, number>();
      const changeIn = async (turn: number): Promise<void> => {
        const input = all[turn % all.length] ?? "";
        const member = members[turn % members.length] ?? members[0];
        const status = await change(rows, member, input, turn);
        statuses.push(status);
        if (status === "applied") applied.set(input, rows.read(input));
      };
      for (let turn = 0; turn < 60; turn += 1) await changeIn(turn);
      expect(statuses).toContain("applied");
      await server.kill();
      for (let turn = 60; turn < 80; turn += 1) await changeIn(turn);
      expect(statuses.slice(60)).toContain("queued");
      await server.restart();
      // The first to ask knows nothing of what was.
      const fresh = await fleet.start(shopMember(client, server.url));
      for (const [index, { value }] of (await fresh.each("item", all)).entries())
        expect(value).toBeGreaterThanOrEqual(applied.get(all[index] ?? "") ?? 1);
      for (let turn = 80; turn < 100; turn += 1) await changeIn(turn);
      await eventually("all is delivered", () => isDelivered([...members, fresh]));
      const late = await fleet.start(shopMember(client, server.url));
      expect(values(await late.each("item", all))).toEqual(all.map((input) => rows.read(input)));
      await expectLatest([...members, fresh], rows, all);
      for (const member of members) {
        const { count, failures, slowestMs } = await member.rest("item");
        expect(failures).toEqual({});
        expect(count).toBeGreaterThan(100);
        expect(slowestMs).toBeLessThan(NEVER_MS);
      }
    });

    it("a process that starts right after it came back with an older memory reads nothing that was invalidated since", async () => {
      const server = await startServer();
      const rows = serve();
      const all = keys(8);
      const [writer] = await startReady(fleet, 1, shopMember(client, server.url));
      await writer.each("item", all);
      await untilStored(server, all);
      expect(await server.command("SAVE")).toBe("+OK");
      for (const [turn, input] of all.entries())
        expect(await change(rows, writer, input, turn)).toBe("applied");
      await writer.kill();
      await server.kill();
      await server.restart();
      expect(await server.command("HGET", "shop:item:k1", "v")).toContain("j1");
      const [fresh] = await startReady(fleet, 1, shopMember(client, server.url));
      expect(values(await fresh.each("item", all))).toEqual(all.map(() => 2));
    });

    it("a process that was there before reads nothing from the older memory, however soon it asks", async () => {
      const server = await startServer();
      const rows = serve();
      const all = keys(5);
      // What is in memory is asked for again at once, and nothing but a lost connection tells that something happened.
      const [writer, reader] = await startReady(fleet, 2, {
        ...shopMember(client, server.url, { l1Ttl: 1 }),
        options: { ...OPTIONS, backplane: { heartbeat: "1m", disconnectedTtl: "5m" } },
      });
      if (reader === undefined) throw new Error("no reader");
      await writer.each("item", all);
      await untilStored(server, all);
      expect(await server.command("SAVE")).toBe("+OK");
      for (const input of all) {
        rows.write(input);
        expect(await writer.call("set", ["item", input, 2])).toEqual({ status: "applied" });
      }
      await expectLatest([reader], rows, all);
      await reader.call("work", ["item", all]);
      await server.kill();
      await server.restart();
      await eventually("it is back", async () => (await reader.stats()).redis.isInSync);
      // As long as one that came back takes to ask everything.
      await pause(200);
      expect((await reader.rest("item")).values).toEqual([2]);
    });

    it("keeps what it has across a restart that loses nothing", async () => {
      const server = await startServer({ appendonly: "yes" });
      const rows = serve();
      const all = keys(5);
      const [member] = await startReady(fleet, 1, shopMember(client, server.url));
      await member.each("item", all);
      await untilStored(server, all);
      await server.kill();
      await server.restart();
      for (const input of all) rows.write(input);
      const [fresh] = await startReady(fleet, 1, shopMember(client, server.url));
      expect(values(await fresh.each("item", all))).toEqual([1, 1, 1, 1, 1]);
    });
  });

  describe("hung", () => {
    it("every read is answered, an invalidation is queued, and arrives when it answers again", async () => {
      const server = await startServer();
      const rows = serve();
      const warm = keys(10);
      const cold = keys(50, "cold");
      const members = await startReady(fleet, 2, shopMember(client, server.url));
      const [writer, other] = members;
      for (const member of members) await member.each("item", warm);
      await untilStored(server, warm);
      server.pause();
      try {
        const outcomes = await writer.each("item", cold);
        expect(values(outcomes)).toEqual(cold.map(() => 1));
        for (const { tookMs } of outcomes) expect(tookMs).toBeLessThan(HARD_MS + NEVER_MS);
        for (const [turn, input] of warm.entries())
          expect(await change(rows, writer, input, turn)).toBe("queued");
        // Here it has taken effect.
        expect(values(await writer.each("item", warm))).toEqual(warm.map(() => 2));
        // Elsewhere what is in memory is believed for a while, and no longer.
        await eventually("it is not believed any more", async () => {
          const seen = values((await other?.each("item", warm)) ?? []);
          return seen.every((value) => value === 2);
        });
        expect((await writer.stats()).redis.queuedInvalidationCount).toBe(10);
      } finally {
        server.resume();
      }
      await eventually("all is delivered", () => isDelivered(members));
      expect(await change(rows, writer, "k0", 0)).toBe("applied");
      const late = await fleet.start(shopMember(client, server.url));
      expect(values(await late.each("item", warm))).toEqual(warm.map((input) => rows.read(input)));
      await expectLatest(members, rows, warm);
    });

    it("gives out what is stale as long as the policy allows, and no longer", async () => {
      const server = await startServer();
      serve();
      const [member] = await startReady(
        fleet,
        1,
        shopMember(client, server.url, { ttl: 300, failSafeFor: 1_500, failSafeThrottle: 50 }),
      );
      await member.call("get", ["item", "k"]);
      await untilStored(server, ["k"]);
      const storedAtMs = performance.now();
      server.pause();
      fleet.onLoad = (load) => load.answer({ error: { name: "Error", message: "no database" } });
      try {
        const served: { readonly value: unknown; readonly afterMs: number }[] = [];
        let message: string | undefined;
        await eventually("nothing is left to fall back on", async () => {
          const afterMs = performance.now() - storedAtMs;
          const { value, error } = await member.outcome("get", ["item", "k"]);
          message = error?.message;
          if (error === undefined) served.push({ value, afterMs });
          return error !== undefined;
        });
        expect(message).toBe("no database");
        expect(new Set(values(served))).toEqual(new Set([1]));
        // Its 1.8 s are over when they are over in the process that keeps it; a busy machine asks it later.
        expect(Math.max(...served.map(({ afterMs }) => afterMs))).toBeLessThan(1_800 + 500);
        expect((await member.countersOf("item")).staleServed).toBeGreaterThan(0);
      } finally {
        server.resume();
      }
    });

    it("a hung Redis does not keep a cache from closing", async () => {
      const server = await startServer();
      const rows = serve();
      const [member] = await startReady(fleet, 1, shopMember(client, server.url));
      await member.each("item", keys(10));
      server.pause();
      try {
        expect(await change(rows, member, "k0", 0)).toBe("queued");
        await member.call("invalidate", [{ pattern: "item:k*" }]);
        const begunAtMs = performance.now();
        await member.call("close");
        expect(performance.now() - begunAtMs).toBeLessThan(NEVER_MS);
        await expect(member.call("get", ["item", "k0"])).rejects.toMatchObject({
          code: "UPSHIFT_CACHE_CLOSED",
        });
      } finally {
        server.resume();
      }
    });
  });

  describe("gone", () => {
    it("a process that starts without it answers its first reads, and joins the others when it is there", async () => {
      const server = await startServer({ appendonly: "yes", appendfsync: "always" });
      const rows = serve();
      await server.kill();
      const first = await fleet.start(shopMember(client, server.url));
      const outcomes = await first.each("item", keys(100));
      expect(values(outcomes)).toEqual(keys(100).map(() => 1));
      for (const { tookMs } of outcomes) expect(tookMs).toBeLessThan(HARD_MS + NEVER_MS);
      expect(await change(rows, first, "k1", 0)).toBe("queued");
      expect(await first.call("get", ["item", "k1"])).toBe(2);
      await server.restart();
      await eventually("all is delivered", () => isDelivered([first]));
      const [second] = await startReady(fleet, 1, shopMember(client, server.url));
      expect(await second.call("get", ["item", "k1"])).toBe(2);
      rows.write("k1");
      await second.call("delete", ["item", "k1"]);
      await eventually(
        "the first hears of it",
        async () => (await first.call("get", ["item", "k1"])) === 3,
      );
    });

    it("getMany of 1,000 keys is answered while it dies, and no process keeps what is invalidated then", async () => {
      const server = await startServer();
      const rows = serve();
      const all = keys(1_000);
      const members = await startReady(fleet, 2, shopMember(client, server.url));
      const [reader, writer] = members;
      await reader.call("getMany", ["item", all.slice(0, 500)]);
      const many = reader.call("getMany", ["item", all]);
      await server.kill();
      expect(await many).toEqual(all.map(() => 1));
      for (const [turn, input] of all.slice(0, 20).entries())
        expect(await change(rows, writer ?? reader, input, turn)).toBe("queued");
      expect(await reader.call("getMany", ["item", all.slice(20)])).toEqual(
        all.slice(20).map(() => 1),
      );
      await server.restart();
      await eventually("all is delivered", () => isDelivered(members));
      await expectLatest(members, rows, all);
    });
  });

  describe("full", () => {
    it("with noeviction: reads are answered, and an invalidation that others were not told of is queued", async () => {
      const server = await startServer({ "maxmemory-policy": "noeviction" });
      const rows = serve();
      const all = keys(20);
      const members = await startReady(fleet, 2, shopMember(client, server.url));
      const [writer] = members;
      for (const member of members) await member.each("item", all);
      await untilStored(server, all);
      await server.command("CONFIG", "SET", "maxmemory", "1");
      for (const [turn, input] of all.entries())
        expect(await change(rows, writer, input, turn)).toBe("queued");
      expect(values(await writer.each("item", all))).toEqual(all.map(() => 2));
      expect(values(await writer.each("item", keys(50, "cold")))).toEqual(
        keys(50, "cold").map(() => 1),
      );
      await server.command("CONFIG", "SET", "maxmemory", "0");
      await eventually("all is delivered", () => isDelivered(members));
      const late = await fleet.start(shopMember(client, server.url));
      expect(values(await late.each("item", all))).toEqual(all.map((input) => rows.read(input)));
      await expectLatest(members, rows, all);
      expect(await change(rows, writer, "k0", 0)).toBe("applied");
    });

    it("with allkeys-lru: what is evicted, journal or not, brings back nothing that was invalidated", async () => {
      const server = await startServer({ "maxmemory-policy": "allkeys-lru" });
      const rows = serve();
      const all = keys(40);
      const members = await startReady(fleet, 2, shopMember(client, server.url));
      const [writer] = members;
      const used = Number(/used_memory:(\d+)/.exec(await server.command("INFO", "memory"))?.[1]);
      await server.command("CONFIG", "SET", "maxmemory", String(used + 1_500_000));
      const evicted = async (): Promise<number> =>
        Number(/evicted_keys:(\d+)/.exec(await server.command("INFO", "stats"))?.[1]);
      const statuses = new Set<string>();
      for (let round = 0; round < 3; round += 1) {
        for (const member of members) await member.each("item", all);
        // What others keep there, in pieces: one that evicts looks between commands.
        for (const part of keys(10, `round${round}:`))
          await server.command("EVAL", POPULATE, "0", part, "1000");
        for (const [turn, input] of all.entries())
          statuses.add(await change(rows, writer, input, turn + round));
        const [fresh] = await startReady(fleet, 1, shopMember(client, server.url));
        await eventually("all is delivered", () => isDelivered(members));
        expect(values(await fresh.each("item", all))).toEqual(all.map((input) => rows.read(input)));
        await fresh.kill();
      }
      expect(statuses).toContain("applied");
      expect(await evicted()).toBeGreaterThan(0);
      await eventually("all is delivered", () => isDelivered(members));
      await expectLatest(members, rows, all);
    });

    it.each(["clock", "log", "tags", "members"])(
      "with the journal's `%s` evicted: nothing comes back that was invalidated",
      async (part) => {
        const server = await startServer();
        const rows = serve();
        const all = keys(10);
        const members = await startReady(fleet, 2, shopMember(client, server.url));
        const [writer] = members;
        for (let round = 0; round < 3; round += 1) {
          for (const member of members) await member.each("item", all);
          await untilStored(server, all);
          for (const [turn, input] of all.entries()) {
            if (turn === 5) await server.command("DEL", `{shop}:${part}`);
            expect(await change(rows, writer, input, turn)).toBe("applied");
          }
          await server.command("DEL", `{shop}:${part}`);
          const [fresh] = await startReady(fleet, 1, shopMember(client, server.url));
          expect(values(await fresh.each("item", all))).toEqual(
            all.map((input) => rows.read(input)),
          );
          await fresh.kill();
          await expectLatest(members, rows, all);
        }
      },
    );
  });

  it("slow: reads go on without it, and an invalidation that it does not confirm in time is queued", async () => {
    const server = await startServer();
    const rows = serve();
    const all = keys(10);
    const proxy = await startTcpProxy({ port: server.port });
    onTestFinished(() => proxy.stop());
    const members = await startReady(fleet, 2, shopMember(client, urlOf(proxy)));
    const [writer] = members;
    for (const member of members) await member.each("item", all);
    await untilStored(server, all);
    // Slower than it may be, both ways.
    proxy.setDelay(HARD_MS);
    const outcomes = await writer.each("item", keys(50, "cold"));
    expect(values(outcomes)).toEqual(outcomes.map(() => 1));
    for (const { tookMs } of outcomes) expect(tookMs).toBeLessThan(HARD_MS + NEVER_MS);
    for (const [turn, input] of all.entries())
      expect(await change(rows, writer, input, turn)).toBe("queued");
    expect(values(await writer.each("item", all))).toEqual(all.map(() => 2));
    proxy.setDelay(0);
    await eventually("all is delivered", () => isDelivered(members));
    await expectLatest(members, rows, all);
    // Slow, and not too slow.
    proxy.setDelay(20);
    expect(await change(rows, writer, "k0", 0)).toBe("applied");
    await expectLatest(members, rows, all);
    expect(DISCONNECTED_MS).toBeGreaterThan(HARD_MS);
  });
});

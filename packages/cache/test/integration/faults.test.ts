import { setTimeout as pause } from "node:timers/promises";
import {
  bringRedis,
  componentSkips,
  type RedisServer,
  startRedis,
  startTcpProxy,
  type TcpProxy,
} from "@upshift/services";
import { afterEach, describe, expect, it, onTestFinished } from "vitest";
import { eventually } from "../fixtures/eventually.ts";
import { Fleet, type Member, type MemberOptions, type Outcome } from "../fixtures/fleet.ts";

const skips = await componentSkips("a cache whose Redis fails", bringRedis);

const HARD_MS = 200;
/** Beyond all timeouts here together, and what a busy machine adds: what takes longer is not bounded. */
const NEVER_MS = 6_000;

const OPTIONS = {
  namespace: "shop",
  l2: { hardTimeout: HARD_MS, softTimeout: 50, breaker: { after: 5, for: 500 } },
  backplane: { heartbeat: 200, disconnectedTtl: "1s" },
};
const POLICY = { ttl: "10m", jitter: 0, loadTimeout: { hard: "1s" }, leaseWait: 500, lease: "1s" };

/** A table whose rows are numbers that only grow, and whose loads answer at once. */
class Table {
  readonly rows = new Map<unknown, number>();

  read(input: unknown): number {
    return this.rows.get(input) ?? 1;
  }

  write(input: unknown): void {
    this.rows.set(input, this.read(input) + 1);
  }
}

const keys = (count: number, name = "k"): readonly string[] =>
  Array.from({ length: count }, (_, index) => `${name}${index}`);
const values = (outcomes: readonly Outcome[]): readonly unknown[] =>
  outcomes.map(({ value }) => value);

describe.skipIf(skips.isMissing).each(["ioredis", "node-redis"])("with %s", (client) => {
  const fleet = new Fleet();
  afterEach(async () => {
    await fleet.stop();
  });

  const startServer = async (
    settings: Readonly<Record<string, string>> = {},
  ): Promise<RedisServer> => {
    const server = await startRedis({ settings });
    onTestFinished(() => server.stop());
    return server;
  };
  const memberOptions = (port: number, policy: object = {}): MemberOptions => ({
    target: `redis://127.0.0.1:${port}`,
    connection: {
      client,
      timeout: 500,
      reconnect: { minDelay: 10, maxDelay: 200 },
      heartbeat: 300,
    },
    options: OPTIONS,
    policies: { item: { ...POLICY, ...policy } },
  });
  const startReady = async (
    count: number,
    options: MemberOptions,
  ): Promise<readonly [Member, ...Member[]]> => {
    const [first, ...others] = await fleet.startMany(count, options);
    if (first === undefined) throw new Error("nobody");
    for (const member of [first, ...others])
      await eventually("in sync", () => member.call("ready"));
    return [first, ...others];
  };
  const serve = (table: Table): void => {
    fleet.onLoad = (load) =>
      load.answer({ value: table.read(load.input), tags: [`tag:${String(load.input)}`] });
  };
  /** A read is answered before Redis has its value. */
  const untilStored = async (server: RedisServer, inputs: readonly string[]): Promise<void> => {
    for (const input of inputs)
      await eventually(
        `${input} is stored`,
        async () => (await server.command("HEXISTS", `shop:item:${input}`, "v")) === ":1",
      );
  };
  const isDelivered = async (members: readonly Member[]): Promise<boolean> => {
    const stats = await Promise.all(members.map((member) => member.stats()));
    return stats.every(({ redis }) => redis.isInSync && redis.queuedInvalidationCount === 0);
  };

  describe("killed and restarted under load", () => {
    const modes = [
      ["with all it had", { appendonly: "yes", appendfsync: "always" }, false],
      ["with an older memory", {}, true],
      ["with no memory", {}, false],
    ] as const;
    it.each(modes)("%s", { timeout: 60_000 }, async (_, settings, isSnapshot) => {
      const server = await startServer(settings);
      const table = new Table();
      serve(table);
      const all = keys(20);
      const members = await startReady(3, memberOptions(server.port));
      for (const member of members) await member.each("item", all);
      await untilStored(server, all);
      if (isSnapshot) expect(await server.command("SAVE")).toBe("+OK");
      for (const member of members) await member.call("work", ["item", all]);

      const statuses: string[] = [];
      /** What the row was when its last invalidation was answered `applied`. */
      const applied = new Map<string, number>();
      const invalidate = async (turn: number): Promise<void> => {
        const input = all[turn % all.length] ?? "";
        table.write(input);
        const member = members[turn % members.length] ?? members[0];
        const target = turn % 2 === 0 ? { key: ["item", input] } : { tag: `tag:${input}` };
        const { status } = (await member.call("invalidate", [target])) as { status: string };
        statuses.push(status);
        if (status === "applied") applied.set(input, table.read(input));
      };
      for (let turn = 0; turn < 60; turn += 1) await invalidate(turn);
      expect(new Set(statuses)).toEqual(new Set(["applied"]));
      await server.kill();
      for (let turn = 60; turn < 80; turn += 1) await invalidate(turn);
      expect(statuses.slice(60)).toContain("queued");
      await server.restart();
      // The first to ask knows nothing of what was.
      const fresh = await fleet.start(memberOptions(server.port));
      for (const [index, { value }] of (await fresh.each("item", all)).entries())
        expect(value).toBeGreaterThanOrEqual(applied.get(all[index] ?? "") ?? 1);
      for (let turn = 80; turn < 100; turn += 1) await invalidate(turn);
      await eventually("all is delivered", () => isDelivered([...members, fresh]));
      const latest = all.map((input) => table.read(input));
      const late = await fleet.start(memberOptions(server.port));
      expect(values(await late.each("item", all))).toEqual(latest);
      for (const member of [...members, fresh])
        await eventually("nobody gives out what was invalidated", async () => {
          const seen = values(await member.each("item", all));
          return JSON.stringify(seen) === JSON.stringify(latest);
        });
      for (const member of members) {
        const work = await member.rest("item");
        expect(work.failures).toEqual({});
        expect(work.count).toBeGreaterThan(100);
        expect(work.slowestMs).toBeLessThan(NEVER_MS);
      }
    });

    it("a process that starts right after it came back with an older memory reads nothing that was invalidated since", async () => {
      const server = await startServer();
      const table = new Table();
      serve(table);
      const all = keys(8);
      const [writer] = await startReady(1, memberOptions(server.port));
      await writer.each("item", all);
      await untilStored(server, all);
      expect(await server.command("SAVE")).toBe("+OK");
      for (const [index, input] of all.entries()) {
        table.write(input);
        const target = index % 2 === 0 ? { key: ["item", input] } : { tag: `tag:${input}` };
        expect(await writer.call("invalidate", [target])).toEqual({ status: "applied" });
      }
      await writer.kill();
      await server.kill();
      await server.restart();
      expect(await server.command("HGET", "shop:item:k1", "v")).toContain("j1");
      const [fresh] = await startReady(1, memberOptions(server.port));
      expect(values(await fresh.each("item", all))).toEqual(all.map(() => 2));
    });

    it("a process that was there before reads nothing from the older memory, however soon it asks", async () => {
      const server = await startServer();
      const table = new Table();
      serve(table);
      const all = keys(5);
      // What is in memory is asked for again at once, and nothing but a lost connection tells that something happened.
      const options = memberOptions(server.port, { l1Ttl: 1 });
      const [writer, reader] = await startReady(2, {
        ...options,
        options: { ...OPTIONS, backplane: { heartbeat: "1m", disconnectedTtl: "5m" } },
      });
      await writer.each("item", all);
      await untilStored(server, all);
      expect(await server.command("SAVE")).toBe("+OK");
      for (const input of all) {
        table.write(input);
        expect(await writer.call("set", ["item", input, 2])).toEqual({ status: "applied" });
      }
      await eventually("it is read", async () => {
        const seen = values((await reader?.each("item", all)) ?? []);
        return seen.every((value) => value === 2);
      });
      await reader?.call("work", ["item", all]);
      await server.kill();
      await server.restart();
      await eventually("it is back", async () => (await reader?.stats())?.redis.isInSync);
      await pause(200);
      expect((await reader?.rest("item"))?.values).toEqual([2]);
    });
  });
});

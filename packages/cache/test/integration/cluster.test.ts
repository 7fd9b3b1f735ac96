import {
  bringRedis,
  componentSkips,
  type RedisCluster,
  type RedisServer,
  startRedisCluster,
} from "@upshift/services";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { CLIENTS } from "../fixtures/clients.ts";
import { eventually } from "../fixtures/eventually.ts";
import { Fleet, type MemberOptions } from "../fixtures/fleet.ts";
import {
  isDelivered,
  keys,
  NEVER_MS,
  shopMember,
  startReady,
  statusOf,
  Table,
  tagOf,
  values,
} from "../fixtures/shop.ts";

const skips = await componentSkips("a cache on a cluster", bringRedis);

/** Entries of a namespace on all masters. */
async function entriesOf(servers: readonly RedisServer[], glob: string): Promise<number> {
  let count = 0;
  for (const server of servers) {
    const reply = await server.command("EVAL", COUNT, "0", glob);
    count += Number(/^:(\d+)$/.exec(reply)?.[1] ?? Number.NaN);
  }
  return count;
}
const COUNT = "return #redis.call('KEYS', ARGV[1])";

/** A master that has the journal of the cache, or has not. */
async function masterWith(cluster: RedisCluster, hasJournal: boolean): Promise<RedisServer> {
  for (const server of [...cluster.masters, ...cluster.replicas]) {
    const replication = await server.command("INFO", "replication");
    const reply = await server.command("EXISTS", "{shop}:clock");
    if (replication.includes("role:master") && (reply === ":1") === hasJournal) return server;
  }
  throw new Error("no such master");
}

describe.skipIf(skips.isMissing).each(CLIENTS)("with %s", (client) => {
  let cluster: RedisCluster;
  const fleet = new Fleet();
  let rows = new Table();
  let options: MemberOptions;
  beforeAll(async () => {
    cluster = await startRedisCluster();
    options = shopMember(client, cluster.nodes);
  });
  beforeEach(() => {
    rows = new Table();
    rows.serve(fleet);
  });
  afterEach(async () => {
    await fleet.stop();
  });
  afterAll(async () => {
    await cluster?.stop();
  });

  it("a cold key is loaded once, and keys of all masters are read and removed", async () => {
    const members = await startReady(fleet, 3, options);
    const all = keys(30);
    await Promise.all(members.map((member) => member.each("item", all)));
    for (const input of all) expect(fleet.loadCountOf(input)).toBe(1);
    const [writer] = members;
    for (const input of all) {
      rows.write(input);
      expect(await statusOf(writer.call("delete", ["item", input]))).toBe("applied");
    }
    const late = await fleet.start(options);
    expect(values(await late.each("item", all))).toEqual(all.map(() => 2));
  });

  it("a pattern removes what matches from every master and every process, and nothing else", async () => {
    const members = await startReady(fleet, 2, options);
    const [writer, other] = members;
    const gone = keys(60, "user*:");
    const kept = keys(60, "userX:");
    await writer.each("item", [...gone, ...kept]);
    await other?.each("item", [...gone, ...kept]);
    await eventually(
      "all are stored",
      async () => (await entriesOf(cluster.masters, "shop:item:user*")) === 120,
    );
    for (const server of cluster.masters)
      expect(await entriesOf([server], "shop:item:user\\**")).toBeGreaterThan(0);
    for (const input of [...gone, ...kept]) rows.write(input);
    expect(await statusOf(writer.call("invalidate", [{ pattern: "item:user\\*:*" }]))).toBe(
      "applied",
    );
    expect(await entriesOf(cluster.masters, "shop:item:user\\**")).toBe(0);
    expect(await entriesOf(cluster.masters, "shop:item:userX*")).toBe(60);
    for (const member of members) {
      await eventually("what matched is gone", async () => {
        const seen = values(await member.each("item", gone));
        return seen.every((value) => value === 2);
      });
      expect(values(await member.each("item", kept))).toEqual(kept.map(() => 1));
    }
  });

  it("strict: an invalidation is answered when no other process gives out the old value", async () => {
    const shop = shopMember(client, cluster.nodes, { consistency: "strict" });
    const l2 = { hardTimeout: "5s" };
    const members = await startReady(fleet, 3, { ...shop, options: { ...shop.options, l2 } });
    for (let round = 1; round <= 10; round += 1) {
      for (const member of members)
        expect(await member.call("get", ["item", "strict"])).toBe(round);
      rows.write("strict");
      expect(await statusOf(members[0].call("delete", ["item", "strict"]))).toBe("applied");
      for (const member of members)
        expect(await member.call("peek", ["item", "strict"])).not.toBe(round);
    }
  });

  it.each([
    ["with the journal dies", true, "kill", "restart"],
    ["without the journal dies", false, "kill", "restart"],
    ["with the journal hangs, and wakes when another is master", true, "pause", "resume"],
  ] as const)(
    "a master %s under load: reads are bounded, and nothing comes back that was invalidated",
    { timeout: 90_000 },
    async (_, hasJournal, fail, recover) => {
      await cluster.ready();
      const members = await startReady(fleet, 3, options);
      const all = keys(40, "failing");
      for (const member of members) await member.each("item", all);
      for (const member of members) await member.call("work", ["item", all]);
      let turn = 0;
      const change = async (): Promise<string> => {
        const input = all[turn % all.length] ?? "";
        const member = members[turn % members.length] ?? members[0];
        turn += 1;
        rows.write(input);
        const target = turn % 2 === 0 ? { key: ["item", input] } : { tag: tagOf(input) };
        return await statusOf(member.call("invalidate", [target]));
      };
      for (let step = 0; step < 80; step += 1) await change();
      const victim = await masterWith(cluster, hasJournal);
      await victim[fail]();
      const statuses: string[] = [];
      for (let step = 0; step < 120; step += 1) statuses.push(await change());
      expect(statuses).toContain("queued");
      await eventually(
        "all is delivered",
        async () => (await change()) === "applied" && (await isDelivered(members)),
      );
      await victim[recover]();
      await cluster.ready();
      await eventually("all is delivered", () => isDelivered(members));
      const [fresh] = await startReady(fleet, 1, options);
      expect(values(await fresh.each("item", all))).toEqual(all.map((input) => rows.read(input)));
      for (const member of members) {
        await eventually("nobody gives out what was invalidated", async () => {
          const seen = values(await member.each("item", all));
          return seen.every((value, index) => value === rows.read(all[index] ?? ""));
        });
        const { count, failures, slowestMs } = await member.rest("item");
        expect(failures).toEqual({});
        expect(count).toBeGreaterThan(100);
        expect(slowestMs).toBeLessThan(NEVER_MS);
      }
    },
  );
});

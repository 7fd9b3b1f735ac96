import { bringRedis, componentSkips, type RedisServer, startRedis } from "@upshift/services";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { CLIENTS } from "../fixtures/clients.ts";
import { eventually } from "../fixtures/eventually.ts";
import { Fleet, type Member } from "../fixtures/fleet.ts";
import { NEVER_MS, shopMember, startReady, Table, tagOf } from "../fixtures/shop.ts";

const skips = await componentSkips("strict invalidation", bringRedis);

const HEARTBEAT_MS = 300;
const DISCONNECTED_MS = 1_500;
const BACKPLANE = { heartbeat: HEARTBEAT_MS, disconnectedTtl: DISCONNECTED_MS };
/** What a value was given out until when (ms since the epoch). */
interface Seen {
  readonly value: unknown;
  readonly lastAt: number;
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

  const startStrict = async (
    policy: object = { consistency: "strict" },
  ): Promise<readonly [writer: Member, ...others: Member[]]> => {
    const shop = shopMember(client, server.url, policy);
    const options = { namespace: "shop", l2: { hardTimeout: "5s" }, backplane: BACKPLANE };
    const members = await startReady(fleet, 4, { ...shop, options });
    for (const member of members) {
      await eventually("it is in memory", async () => {
        await member.call("get", ["item", "k"]);
        return (await member.call("peek", ["item", "k"])) === 1;
      });
    }
    return members;
  };

  it("an invalidation is answered when no other process gives out the old value", async () => {
    const members = await startStrict();
    const [writer] = members;
    for (let round = 0; round < 20; round += 1) {
      const before = rows.read("k");
      rows.write("k");
      expect(await writer.call("delete", ["item", "k"])).toEqual({ status: "applied" });
      const seen = await Promise.all(members.map((member) => member.call("peek", ["item", "k"])));
      expect(seen).not.toContain(before);
      const read = await Promise.all(members.map((member) => member.call("get", ["item", "k"])));
      expect(read).toEqual(members.map(() => before + 1));
    }
  });

  it(
    "a process that is stopped delays it until nobody would believe its memory, and gives out nothing old when it wakes",
    { timeout: 90_000 },
    async () => {
      for (let round = 0; round < 2; round += 1) {
        const [writer, sleeper, ...others] = await startStrict();
        if (sleeper === undefined) throw new Error("no sleeper");
        await sleeper.call("watch", ["item", "k"]);
        await eventually("it is given out", async () =>
          ((await sleeper.call("seen")) as readonly Seen[]).some(({ value }) => value === 1),
        );
        sleeper.signal("SIGSTOP");
        rows.write("k");
        const begunAtMs = performance.now();
        expect(await writer.call("delete", ["item", "k"])).toEqual({ status: "applied" });
        const tookMs = performance.now() - begunAtMs;
        // It was heard of at most a heartbeat ago, and is waited for no longer than it could believe.
        expect(tookMs).toBeGreaterThan(DISCONNECTED_MS - HEARTBEAT_MS - 500);
        expect(tookMs).toBeLessThan(DISCONNECTED_MS + HEARTBEAT_MS + NEVER_MS);
        for (const member of [writer, ...others])
          expect(await member.call("peek", ["item", "k"])).not.toBe(1);
        const answeredAt = Date.now();
        sleeper.signal("SIGCONT");
        expect(await sleeper.call("get", ["item", "k"])).toBe(2);
        const seen = (await sleeper.call("seen")) as readonly Seen[];
        expect(seen.filter(({ value, lastAt }) => value === 1 && lastAt >= answeredAt)).toEqual([]);
        await fleet.stop();
        rows = new Table();
        rows.serve(fleet);
        await server.command("FLUSHALL");
      }
    },
  );

  it(
    "waits as long for a process that also asks Redis between its heartbeats",
    { timeout: 90_000 },
    async () => {
      const shop = shopMember(client, server.url);
      const [writer, sleeper] = await startReady(fleet, 2, {
        ...shop,
        options: {
          namespace: "shop",
          l2: { hardTimeout: "5s" },
          backplane: { heartbeat: 1_000, disconnectedTtl: 1_000 },
        },
        policies: {
          item: { ...shop.policies["item"], consistency: "strict" },
          // Each read of it asks how far the journal is.
          other: { ...shop.policies["item"], l1Ttl: 0 },
        },
      });
      if (sleeper === undefined) throw new Error("no sleeper");
      for (let round = 0; round < 5; round += 1) {
        const before = rows.read("k");
        await eventually("it is in memory", async () => {
          await sleeper.call("get", ["item", "k"]);
          return (await sleeper.call("peek", ["item", "k"])) === before;
        });
        await sleeper.call("work", ["other", ["a"]]);
        await sleeper.call("watch", ["item", "k"]);
        const asked = (await sleeper.countersOf("other")).misses;
        // Somewhere between two heartbeats, another place in each round.
        await eventually(
          "it has asked",
          async () => (await sleeper.countersOf("other")).misses > asked + 20 + 40 * round,
        );
        sleeper.signal("SIGSTOP");
        rows.write("k");
        expect(await writer.call("delete", ["item", "k"])).toEqual({ status: "applied" });
        const answeredAt = Date.now();
        sleeper.signal("SIGCONT");
        expect(await sleeper.call("get", ["item", "k"])).toBe(before + 1);
        const seen = (await sleeper.call("seen")) as readonly Seen[];
        await sleeper.rest("other");
        expect(
          seen.filter(({ value, lastAt }) => value === before && lastAt >= answeredAt),
        ).toEqual([]);
      }
    },
  );

  it("is asked for with a tag as well, and closing tells who still waits", async () => {
    const [writer, sleeper, ...others] = await startStrict({ consistency: "eventual" });
    rows.write("k");
    expect(await writer.call("invalidateStrictly", [{ tag: tagOf("k") }])).toEqual({
      status: "applied",
    });
    for (const member of others) expect(await member.call("get", ["item", "k"])).toBe(2);
    sleeper?.signal("SIGSTOP");
    const waiting = writer.outcome("invalidateStrictly", [{ tag: tagOf("k") }]);
    await eventually("it is announced", async () =>
      (await server.command("XLEN", "{shop}:log")).includes(":2"),
    );
    await writer.call("close");
    expect((await waiting).error).toMatchObject({ code: "UPSHIFT_CACHE_NOT_ACKNOWLEDGED" });
  });
});

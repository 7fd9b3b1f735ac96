import { bringRedis, componentSkips, type RedisServer, startRedis } from "@upshift/services";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { CLIENTS } from "../fixtures/clients.ts";
import { eventually } from "../fixtures/eventually.ts";
import { Fleet, type Member, type MemberOptions, type Outcome } from "../fixtures/fleet.ts";

const skips = await componentSkips("a fleet on one cache", bringRedis);
const isFull = process.env["UPSHIFT_TEST_SCALE"] === "full";
const CALLERS = 250;
/** Long enough for what a busy machine delays, far shorter than what would end the wait otherwise. */
const PATIENT = { ttl: "10m", jitter: 0, leaseWait: "60s", loadTimeout: { hard: "120s" } };

const keyOf = (options: MemberOptions, input: string): string =>
  `${String(options.options?.["namespace"])}:item:${input}`;

/** All members' callers call before this resolves. */
async function callAll(
  members: readonly Member[],
  input: string,
  count = CALLERS,
): Promise<readonly Promise<readonly Outcome[]>[]> {
  const called = Promise.all(members.map((member) => member.calling(input)));
  const calls = members.map((member) => member.gets("item", input, count));
  await called;
  return calls;
}

describe.skipIf(skips.isMissing).each(CLIENTS)("with %s", (client) => {
  let server: RedisServer;
  const fleet = new Fleet();
  let spaces = 0;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterEach(async () => {
    await fleet.stop();
  });
  afterAll(async () => {
    await server?.stop();
  });

  const memberOptions = (policy: object = {}): MemberOptions => {
    spaces += 1;
    return {
      target: server.url,
      connection: { client, timeout: "5s" },
      // Only what is tested is to be tight: a process that has to wait for its share of the machine is no hung Redis.
      options: {
        namespace: `fleet${spaces}`,
        l2: { hardTimeout: "10s", softTimeout: "10s" },
        backplane: { heartbeat: 200, disconnectedTtl: "2s" },
      },
      policies: { item: { ...PATIENT, ...policy } },
    };
  };
  const startReady = async (
    count: number,
    options: MemberOptions,
  ): Promise<readonly [Member, ...Member[]]> => {
    const [first, ...others] = await fleet.startMany(count, options);
    if (first === undefined) throw new Error("nobody");
    for (const member of [first, ...others]) expect(await member.call("ready")).toBe(true);
    return [first, ...others];
  };

  const fleetSizes = isFull ? [4, 16] : [4];
  it.each(fleetSizes)(
    "loads a cold key once for %d processes with 250 callers each",
    { timeout: isFull ? 120_000 : 30_000 },
    async (size) => {
      const options = memberOptions();
      const members = await startReady(size, options);
      const calls = await callAll(members, "cold");
      (await fleet.load("cold")).answer({ value: { name: "one" } });
      const outcomes = (await Promise.all(calls)).flat();
      expect(outcomes).toHaveLength(size * CALLERS);
      expect(new Set(outcomes.map(({ value }) => JSON.stringify(value)))).toEqual(
        new Set(['{"name":"one"}']),
      );
      expect(fleet.loadCountOf("cold")).toBe(1);
      // Everybody has it in memory now, and whoever comes later finds it in Redis.
      for (const member of members)
        expect(await member.call("peek", ["item", "cold"])).toEqual({ name: "one" });
      const late = await fleet.start(options);
      expect(await late.call("get", ["item", "cold"])).toEqual({ name: "one" });
      expect(fleet.loadCountOf("cold")).toBe(1);
    },
  );

  it("loads a cold key once for processes that have just started", async () => {
    const options = memberOptions();
    const members = await fleet.startMany(4, options);
    const calls = members.map((member) => member.call("get", ["item", "early"]));
    (await fleet.load("early")).answer({ value: 1 });
    expect(await Promise.all(calls)).toEqual([1, 1, 1, 1]);
    expect(fleet.loadCountOf("early")).toBe(1);
  });

  it("asks a database that fails once for 4 processes, and tells all callers why", async () => {
    const options = memberOptions();
    const members = await startReady(4, options);
    const calls = await callAll(members, "failing");
    const load = await fleet.load("failing");
    // Each caller but the first of a process joins it, and all of them once more when it waits: who comes later does not learn of it.
    for (const member of members)
      if (member !== load.member)
        await eventually(
          "it waits",
          async () => (await member.countersOf("item")).stampedesAbsorbed >= 2 * CALLERS - 1,
        );
    load.answer({ error: { name: "DatabaseError", code: "57014", message: "canceled" } });
    const cause = { name: "DatabaseError", code: "57014", message: "canceled" };
    for (const [index, call] of calls.entries()) {
      const outcomes = await call;
      expect(outcomes).toHaveLength(CALLERS);
      const expected =
        members[index] === load.member
          ? cause
          : { code: "UPSHIFT_CACHE_LOAD_FAILED_ELSEWHERE", cause };
      for (const { error } of outcomes) expect(error).toMatchObject(expected);
    }
    expect(fleet.loadCountOf("failing")).toBe(1);
    // It is not kept: who asks again has it loaded again, once.
    const again = await callAll(members, "failing", 3);
    (await fleet.load("failing", 2)).answer({ value: "up again" });
    for (const call of again)
      expect(await call).toEqual(Array.from({ length: 3 }, () => ({ value: "up again" })));
    expect(fleet.loadCountOf("failing")).toBe(2);
  });

  it("a loader that is killed keeps the others waiting for no longer than its lease", async () => {
    const options = memberOptions({ lease: "2s" });
    const [holder, ...others] = await startReady(4, options);
    const lost = holder.outcome("get", ["item", "held"]);
    const held = await fleet.load("held");
    expect(held.member).toBe(holder);
    const calls = await callAll(others, "held");
    await eventually("somebody waits", async () =>
      (await server.command("HGET", keyOf(options, "held"), "w")).includes("1"),
    );
    await holder.kill();
    const killedAtMs = performance.now();
    expect((await lost).error?.code).toBe("GONE");
    const second = await fleet.load("held", 2);
    // The lease, and time for a busy machine; not the wait of a minute that a lock without a lease would be.
    expect(performance.now() - killedAtMs).toBeLessThan(2_000 + 8_000);
    second.answer({ value: "loaded by another" });
    for (const call of calls)
      expect(new Set((await call).map(({ value }) => value))).toEqual(
        new Set(["loaded by another"]),
      );
    expect(fleet.loadCountOf("held")).toBe(2);
  });

  it("a loader keeps its lease for as long as it loads", async () => {
    const options = memberOptions({ lease: 600 });
    const [holder, other] = await startReady(2, options);
    const first = holder.call("get", ["item", "slow"]);
    const load = await fleet.load("slow");
    const second = other?.call("get", ["item", "slow"]);
    const begin = performance.now();
    await eventually("three leases have passed", () => performance.now() - begin > 1_800);
    expect(fleet.loadCountOf("slow")).toBe(1);
    load.answer({ value: "slow" });
    expect(await Promise.all([first, second])).toEqual(["slow", "slow"]);
    expect(fleet.loadCountOf("slow")).toBe(1);
  });

  it("who waits for the load of another process gets the stale value after the soft timeout, as who loads does", async () => {
    const options = memberOptions({ failSafeFor: "1h", loadTimeout: { soft: 300, hard: "120s" } });
    const [holder, other] = await startReady(2, options);
    const before = holder.call("get", ["item", "soft"]);
    (await fleet.load("soft")).answer({ value: "stale" });
    await before;
    await eventually(
      "it is stored",
      async () => (await server.command("HLEN", keyOf(options, "soft"))) === ":1",
    );
    expect(await holder.call("expire", ["item", "soft"])).toEqual({ status: "applied" });
    const reads = [holder.call("get", ["item", "soft"])];
    const load = await fleet.load("soft", 2);
    reads.push(other?.call("get", ["item", "soft"]) ?? Promise.resolve());
    // The load has not ended.
    expect(await Promise.all(reads)).toEqual(["stale", "stale"]);
    load.answer({ value: "new" });
    await eventually(
      "it is there",
      async () => (await other?.call("get", ["item", "soft"])) === "new",
    );
    expect(fleet.loadCountOf("soft")).toBe(2);
  });

  it("a loader that was stopped past its lease stores nothing when it wakes, since another has loaded", async () => {
    const options = memberOptions({ lease: 500 });
    const [sleeper, ...others] = await startReady(3, options);
    const late = sleeper.call("get", ["item", "row"]);
    const first = await fleet.load("row");
    sleeper.signal("SIGSTOP");
    const reads = others.map((member) => member.call("get", ["item", "row"]));
    (await fleet.load("row", 2)).answer({ value: "new" });
    expect(await Promise.all(reads)).toEqual(["new", "new"]);
    first.answer({ value: "old" });
    sleeper.signal("SIGCONT");
    // Who has waited for it gets it; nobody else does.
    expect(await late).toBe("old");
    await eventually(
      "its fill is refused",
      async () => (await sleeper.countersOf("item")).refusedFills === 1,
    );
    expect(await sleeper.call("peek", ["item", "row"])).toBeUndefined();
    expect(await sleeper.call("get", ["item", "row"])).toBe("new");
    for (const other of others) expect(await other.call("get", ["item", "row"])).toBe("new");
    const fresh = await fleet.start(options);
    expect(await fresh.call("get", ["item", "row"])).toBe("new");
    expect(await server.command("HGET", keyOf(options, "row"), "v")).not.toContain("old");
    expect(fleet.loadCountOf("row")).toBe(2);
  });

  it("a loader that was stopped past its lease stores nothing when it wakes, even though nobody else has loaded", async () => {
    const options = memberOptions({ lease: 500, failSafeFor: "1h" });
    const [sleeper] = await startReady(1, options);
    // A value that is past its time keeps the entry in Redis, and with it what is left of the lease.
    const before = sleeper.call("get", ["item", "alone"]);
    (await fleet.load("alone")).answer({ value: "first" });
    await before;
    await eventually(
      "it is stored",
      async () => (await server.command("HLEN", keyOf(options, "alone"))) === ":1",
    );
    expect(await sleeper.call("expire", ["item", "alone"])).toEqual({ status: "applied" });
    const late = sleeper.call("get", ["item", "alone"]);
    const load = await fleet.load("alone", 2);
    sleeper.signal("SIGSTOP");
    const entry = keyOf(options, "alone");
    await eventually("the lease has ended", async () => {
      const until = Number((await server.command("HGET", entry, "u")).split("\r\n")[1]);
      const [seconds = 0] = (await server.command("TIME")).match(/\d{10}/)?.map(Number) ?? [];
      return seconds * 1_000 > until + 1_000;
    });
    load.answer({ value: "second" });
    sleeper.signal("SIGCONT");
    expect(await late).toBe("second");
    await eventually(
      "its fill is refused",
      async () => (await sleeper.countersOf("item")).refusedFills === 1,
    );
    expect(await sleeper.call("peek", ["item", "alone"])).toBeUndefined();
    const reread = sleeper.call("get", ["item", "alone"]);
    (await fleet.load("alone", 3)).answer({ value: "third" });
    expect(await reread).toBe("third");
  });

  it("a process ends by itself once its cache and its connection are closed, with loads under way", async () => {
    const [member] = await startReady(1, memberOptions({ refreshAt: 0.5, lease: 500 }));
    const lost = member.outcome("get", ["item", "open"]);
    await fleet.load("open");
    await member.call("invalidate", [{ tag: "any" }]);
    expect(await member.end()).toBe(0);
    expect((await lost).error?.code).toBe("UPSHIFT_CACHE_CLOSED");
  });

  it("who waits for the load of another process is told when its cache is closed", async () => {
    const [holder, waiter] = await startReady(2, memberOptions());
    const held = holder.call("get", ["item", "long"]);
    const load = await fleet.load("long");
    const waiting = waiter?.outcome("get", ["item", "long"]);
    await eventually(
      "it waits",
      async () => (await waiter?.countersOf("item"))?.stampedesAbsorbed === 1,
    );
    expect(await waiter?.end()).toBe(0);
    expect((await waiting)?.error?.code).toBe("UPSHIFT_CACHE_CLOSED");
    load.answer({ value: "long" });
    expect(await held).toBe("long");
  });
});

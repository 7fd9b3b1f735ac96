import { delay, type TimerClock } from "@upshift/foundation";
import { createSimulatedClock } from "@upshift/foundation/testing";
import { expect, test, vi } from "vitest";
import { seededRandom } from "../../test/seeded-random.ts";
import { createMemoryRedisServer } from "../memory/memory-redis-server.ts";
import type { Script } from "../script.ts";
import { type Lock, lock, withLock } from "./lock.ts";
import { RENEW_LOCK, TAKE_LOCK } from "./lock-scripts.ts";

const STEPS = 10_000;
const TTL_MS = 3_000;
/** Before this a lock that lost its key cannot know it; after it, it must. */
const RENEWAL_MS = TTL_MS / 3;

test(
  `${STEPS} random steps of four processes leave one holder, as a plain map has it`,
  { timeout: 120_000 },
  async () => {
    const clock = createSimulatedClock(1_700_000_000_000);
    const server = createMemoryRedisServer({ clock });
    const clients = Array.from({ length: 4 }, () => server.connect());
    const random = seededRandom(20_261_123);
    const upTo = (count: number): number => Math.floor(random() * count);
    /** Who holds what; `lostAtMs` once its key was taken away. */
    interface Holding {
      readonly held: Lock;
      lostAtMs?: number;
    }
    const holders = new Map<string, Holding>();
    let lost: Holding[] = [];
    let lostCount = 0;
    const highest = new Map<string, number>();
    const options = { ttl: TTL_MS, clock, random };
    let takenCount = 0;
    for (let step = 0; step < STEPS; step++) {
      const name = `n${upTo(5)}`;
      const key = `lock:{${name}}`;
      const client = clients[upTo(clients.length)];
      const holding = holders.get(name);
      const at = `step ${step}`;
      if (client === undefined) throw new Error("no client");
      const draw = random();
      const outcome: unknown[] = [];
      if (draw < 0.45) {
        const taken = await lock(client, name, options).catch(
          (error: { code: string }) => error.code,
        );
        if (typeof taken === "string") outcome.push(taken, holding && "UPSHIFT_LOCK_TAKEN");
        else {
          outcome.push(
            taken.isHeld && taken.token > (highest.get(name) ?? 0),
            holding === undefined,
          );
          highest.set(name, taken.token);
          holders.set(name, { held: taken });
          takenCount += 1;
        }
      } else if (draw < 0.7) {
        outcome.push(await holding?.held.release(), holding && true);
        holders.delete(name);
      } else if (draw < 0.75) {
        outcome.push(await client.send(["DEL", key]), holding === undefined ? 0 : 1);
        if (holding !== undefined) {
          holding.lostAtMs = clock.now();
          lost.push(holding);
          lostCount += 1;
          holders.delete(name);
        }
      } else await clock.advance(upTo(2 * RENEWAL_MS));
      expect(outcome[0], at).toEqual(outcome[1]);
      for (const { held } of holders.values()) expect(held.isHeld, at).toBe(true);
      const known = lost.filter(({ lostAtMs = 0 }) => clock.now() - lostAtMs >= RENEWAL_MS);
      lost = lost.filter((each) => !known.includes(each));
      for (const { held } of known) {
        expect(held.isHeld, at).toBe(false);
        expect(held.signal.reason, at).toMatchObject({ code: "UPSHIFT_LOCK_LOST" });
      }
      expect(await client.send(["EXISTS", key]), at).toBe(holders.has(name) ? 1 : 0);
    }
    expect(takenCount).toBeGreaterThan(1_000);
    expect(lostCount).toBeGreaterThan(100);
    for (const { held } of [...holders.values(), ...lost]) await held.release();
    expect(clock.timerCount).toBe(0);
  },
);

test("a body that gives the lock back early is no failure", async () => {
  const redis = createMemoryRedisServer().connect();
  const result = await withLock(redis, "a", async (held) => {
    expect(await held.release()).toBe(true);
    return 7;
  });
  expect(result).toBe(7);
});

test("a lock that Redis does not confirm is over for its holder a hundredth and two milliseconds before it is for Redis", async () => {
  const clock = createSimulatedClock(1_700_000_000_000);
  const server = createMemoryRedisServer({ clock });
  const held = await lock(server.connect(), "a", { ttl: TTL_MS, clock });
  server.cut();
  await clock.advance(TTL_MS - 30 - 2 - 1);
  expect([held.isHeld, held.signal.aborted]).toEqual([true, false]);
  await clock.advance(1);
  expect([held.isHeld, held.signal.aborted]).toEqual([false, true]);
  server.restore();
  expect(await server.connect().send(["PTTL", "lock:{a}"])).toBe(30 + 2);
});

/** Redis whose replies to one script are held back while `isHeldBack`. */
function connectSlowly(clock: TimerClock, script: Script) {
  const control = { isHeldBack: true, delayMs: Number.MAX_SAFE_INTEGER };
  const redis = createMemoryRedisServer({ clock }).connect({
    timeoutMs: 60_000,
    intercept: async (command, apply) => {
      const reply = apply();
      if (control.isHeldBack && command[1] === script.sha) await delay(clock, control.delayMs);
      return reply;
    },
  });
  return { control, redis };
}

test("a renewal that is never answered does not keep the next from being sent", async () => {
  const clock = createSimulatedClock(1_700_000_000_000);
  const { control, redis } = connectSlowly(clock, RENEW_LOCK);
  const held = await lock(redis, "a", { ttl: TTL_MS, clock });
  await clock.advance(RENEWAL_MS + 1);
  control.isHeldBack = false;
  await clock.advance(10 * TTL_MS);
  expect([held.isHeld, held.signal.aborted]).toEqual([true, false]);
  await held.release();
});

test("a lock is over in time while a renewal waits, however late its timeout is", async () => {
  const clock = createSimulatedClock(1_700_000_000_000);
  const redis = createMemoryRedisServer({ clock }).connect();
  const run = redis.run.bind(redis);
  vi.spyOn(redis, "run").mockImplementation((script, ...call) =>
    script === RENEW_LOCK ? new Promise(() => undefined) : run(script, ...call),
  );
  const held = await lock(redis, "a", { ttl: TTL_MS, clock });
  await clock.advance(TTL_MS);
  expect(held.signal.aborted).toBe(true);
});

test("a lock that was given so late that it is over is not given to the caller", async () => {
  const clock = createSimulatedClock(1_700_000_000_000);
  const { control, redis } = connectSlowly(clock, TAKE_LOCK);
  control.delayMs = TTL_MS + 1;
  let isEntered = false;
  const body = async (): Promise<void> => {
    isEntered = true;
  };
  const failure = withLock(redis, "a", body, { ttl: TTL_MS, clock }).catch(
    (error: unknown) => error,
  );
  await clock.advance(TTL_MS + 1);
  expect(await failure).toMatchObject({ code: "UPSHIFT_LOCK_LOST" });
  expect([isEntered, clock.timerCount]).toEqual([false, 0]);
});

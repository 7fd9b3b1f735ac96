import { AsyncLocalStorage } from "node:async_hooks";
import { getEventListeners } from "node:events";
import { setImmediate as turn } from "node:timers/promises";
import { createSimulatedClock } from "@upshift/foundation/testing";
import { describe, expect, expectTypeOf, test } from "vitest";
import { retryInfo } from "./retry-info.ts";
import type { UpcomingRetry } from "./retry-options.ts";
import { retry } from "./retry.ts";

const error = new Error("busy");
const fails = (): Promise<never> => Promise.reject(error);

function busyFor(retryAfterMs: unknown): Error {
  return Object.assign(new Error("429"), { retryAfterMs });
}

function logs(): never {
  throw new Error("from the logger");
}

/** Moves the clock to each wait's end until the call is over. */
async function playOut<Value>(
  clock: ReturnType<typeof createSimulatedClock>,
  calling: Promise<Value>,
): Promise<Value> {
  const end = { isOver: false };
  const over = (): void => void (end.isOver = true);
  calling.then(over, over);
  for (await turn(); !end.isOver;)
    await clock.advance(Math.max(0, (clock.nextAtMs ?? clock.now()) - clock.now()));
  return calling;
}

test("work that succeeds is tried once; its value is typed", async () => {
  const clock = createSimulatedClock();
  const value = await retry(async ({ attempt }) => `attempt ${attempt}`, { clock });
  expectTypeOf(value).toEqualTypeOf<string>();
  expect(value).toBe("attempt 1");
  expect(await retry(() => 5)).toBe(5);
});

test("work is tried until it succeeds, with waits that double up to the longest", async () => {
  const clock = createSimulatedClock();
  const retries: UpcomingRetry[] = [];
  const calling = retry(({ attempt }) => (attempt < 7 ? fails() : clock.now()), {
    attempts: 10,
    backoff: { base: "100ms", max: "1s", factor: 2 },
    jitter: "none",
    onRetry: (next) => retries.push(next),
    clock,
  });
  expect(await playOut(clock, calling)).toBe(100 + 200 + 400 + 800 + 1_000 + 1_000);
  expect(retries.map(({ delayMs }) => delayMs)).toEqual([100, 200, 400, 800, 1_000, 1_000]);
  expect(retries.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4, 5, 6]);
  expect(retries.every((next) => next.error === error)).toBe(true);
});

test("full jitter draws each wait from nothing to the longest", async () => {
  const clock = createSimulatedClock();
  const draws = [0, 0.5, 0.999];
  const waits: number[] = [];
  const calling = retry(fails, {
    attempts: 4,
    backoff: { base: 100 },
    random: () => draws[waits.length] ?? 0,
    onRetry: ({ delayMs }) => waits.push(delayMs),
    clock,
  });
  await expect(playOut(clock, calling)).rejects.toBe(error);
  expect(waits).toEqual([0, 100, 400]);
});

describe("the last error", () => {
  test("is thrown as it is, with the attempts beside it", async () => {
    const clock = createSimulatedClock();
    const own = Object.freeze(new Error("frozen"));
    const calling = retry(fails, { attempts: 4, jitter: "none", clock });
    const thrown: unknown = await playOut(clock, calling).catch((caught: unknown) => caught);
    expect(thrown).toBe(error);
    expect(retryInfo(thrown)).toEqual({ attempts: 4, waitedMs: 100 + 200 + 400 });
    expect(Object.keys(error)).toEqual([]);
    await expect(retry(() => Promise.reject(own), { attempts: 1 })).rejects.toBe(own);
    expect(retryInfo(own)).toBeUndefined();
    await expect(retry(() => Promise.reject("text"), { attempts: 1 })).rejects.toBe("text");
    expect(retryInfo("text")).toBeUndefined();
    expect(retryInfo(new Error("never tried"))).toBeUndefined();
  });

  test("comes at once when it is not worth another attempt", async () => {
    const asked: number[] = [];
    const calling = retry(fails, {
      retryable: (thrown, attempt) => {
        asked.push(attempt);
        return thrown !== error;
      },
    });
    await expect(calling).rejects.toBe(error);
    expect(asked).toEqual([1]);
    expect(retryInfo(error)).toEqual({ attempts: 1, waitedMs: 0 });
  });

  test("of a wrong argument is not worth another attempt by default", async () => {
    let attempts = 0;
    const calling = retry(() => {
      attempts++;
      return retry(() => 1, { attempts: 0 });
    });
    await expect(calling).rejects.toMatchObject({ code: "UPSHIFT_INVALID_ARGUMENT" });
    expect(attempts).toBe(1);
  });
});

describe("a hint of the server", () => {
  test.each([
    [5_000, 5_000 + 100],
    [0, 100],
    [-3, 100],
    [Number.NaN, 100],
    ["5", 100],
  ])("of %j ms is waited for, and then the jittered time on top: %j ms", async (hint, waitedMs) => {
    const clock = createSimulatedClock();
    const work = ({ attempt }: { attempt: number }): Promise<number> =>
      attempt === 1 ? Promise.reject(busyFor(hint)) : Promise.resolve(clock.now());
    expect(await playOut(clock, retry(work, { jitter: "none", clock }))).toBe(waitedMs);
  });

  test("that is longer than heeded ends the call", async () => {
    const busy = busyFor(60_001);
    const clock = createSimulatedClock();
    await expect(retry(() => Promise.reject(busy), { clock })).rejects.toBe(busy);
    expect(clock.timerCount).toBe(0);
    const patient = retry(({ attempt }) => (attempt === 1 ? Promise.reject(busy) : "in the end"), {
      maxRetryAfter: "2m",
      clock,
    });
    expect(await playOut(clock, patient)).toBe("in the end");
  });
});

describe("the deadline", () => {
  test("aborts an attempt that is running, and names it; the error before is the cause", async () => {
    const clock = createSimulatedClock();
    let reason: unknown;
    const calling = retry(
      ({ attempt, signal }) => {
        if (attempt === 1) throw error;
        signal.addEventListener("abort", () => (reason = signal.reason));
        return new Promise(() => {});
      },
      { deadline: "1s", jitter: "none", clock },
    );
    const caught = calling.catch((thrown: unknown) => thrown);
    await clock.advance(1_000);
    const thrown = await caught;
    expect(thrown).toMatchObject({
      code: "UPSHIFT_DEADLINE_EXCEEDED",
      running: ["attempt 2"],
      cause: error,
    });
    expect(reason).toBe(thrown);
    expect(clock.timerCount).toBe(0);
  });

  test("lets no wait begin that would reach it: the error comes at once", async () => {
    const clock = createSimulatedClock();
    const calling = retry(fails, { attempts: 9, deadline: 300, jitter: "none", clock });
    await expect(playOut(clock, calling)).rejects.toBe(error);
    // 100 is waited, 200 more would end at the deadline.
    expect(clock.now()).toBe(100);
    expect(clock.timerCount).toBe(0);
  });
});

describe("an abort", () => {
  test("ends a wait and an attempt with its reason, and leaves no timer and no listener", async () => {
    const clock = createSimulatedClock();
    const reason = new Error("shutdown");
    for (const work of [fails, () => new Promise<never>(() => {})]) {
      const abort = new AbortController();
      const calling = retry(work, { signal: abort.signal, deadline: "1h", clock });
      await turn();
      abort.abort(reason);
      await expect(calling).rejects.toBe(reason);
      expect(clock.timerCount).toBe(0);
      expect(getEventListeners(abort.signal, "abort")).toEqual([]);
      await expect(retry(() => expect.fail("tried"), { signal: abort.signal })).rejects.toBe(
        reason,
      );
    }
  });

  test("made by `onRetry` is heeded, and what it throws is thrown", async () => {
    const clock = createSimulatedClock();
    const abort = new AbortController();
    const aborted = retry(fails, {
      signal: abort.signal,
      onRetry: () => abort.abort("enough"),
      clock,
    });
    await expect(aborted).rejects.toBe("enough");
    await expect(retry(fails, { onRetry: logs, clock })).rejects.toThrow("from the logger");
    await expect(retry(fails, { retryable: logs, clock })).rejects.toThrow("from the logger");
    expect(clock.timerCount).toBe(0);
  });

  test("leaves nothing on a signal that lives for many calls of every ending", async () => {
    const { signal } = new AbortController();
    const clock = createSimulatedClock();
    for (let call = 0; call < 10_000; call++) {
      const work = [() => turn(), fails, logs][call % 3];
      const options = { signal, clock, attempts: 1, deadline: 5 };
      await retry(() => work?.(), options).catch(() => undefined);
    }
    expect(getEventListeners(signal, "abort")).toEqual([]);
    expect(clock.timerCount).toBe(0);
  });
});

test("endless attempts without waits use no stack", async () => {
  let attempts = 0;
  const value = await retry(
    () => {
      attempts++;
      if (attempts < 300) throw error;
      return attempts;
    },
    { attempts: Number.POSITIVE_INFINITY, backoff: { base: 0 } },
  );
  expect(value).toBe(300);
});

test("attempts run in the caller's AsyncLocalStorage", async () => {
  const request = new AsyncLocalStorage<string>();
  const seen: unknown[] = [];
  await request.run("a", () =>
    retry(
      async ({ attempt }) => {
        seen.push(request.getStore());
        if (attempt < 3) throw error;
      },
      { backoff: { base: 1 } },
    ),
  );
  expect(seen).toEqual(["a", "a", "a"]);
});

test.each([
  [{ attempts: 0 }, "`attempts`"],
  [{ attempts: 1.5 }, "`attempts`"],
  [{ backoff: { factor: 0.5 } }, "`backoff.factor`"],
  [{ backoff: { base: -1 } }, "`backoff.base`"],
  [{ backoff: { max: "long" } }, "`backoff.max`"],
  [{ jitter: "some" as "full" }, "`jitter`"],
  [{ deadline: "never" }, "`deadline`"],
  [{ maxRetryAfter: -1 }, "`maxRetryAfter`"],
])("%j is refused by name", async (options, name) => {
  const { signal } = new AbortController();
  await expect(retry(() => 1, { ...options, signal })).rejects.toThrow(name);
  expect(getEventListeners(signal, "abort")).toEqual([]);
});

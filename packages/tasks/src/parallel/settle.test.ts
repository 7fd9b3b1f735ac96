import { getEventListeners } from "node:events";
import { setImmediate as turn } from "node:timers/promises";
import { createSimulatedClock } from "@upshift/foundation/testing";
import { describe, expect, test } from "vitest";
import { DeadlineError } from "./deadline-error.ts";
import { QuorumError } from "./quorum-error.ts";
import { settle } from "./settle.ts";

const error = new Error("down");
const fails = (): Promise<number> => Promise.reject(error);
const hangs = (): Promise<number> => new Promise(() => {});

test("each outcome stands under the name of its task; a failure touches no sibling", async () => {
  const result = await settle({
    user: async () => "ada",
    ads: fails,
    news: () => {
      throw error;
    },
    left: undefined,
    orders: async ({ signal }) => {
      await turn();
      return signal.aborted;
    },
  });
  expect(result).toEqual({
    outcomes: {
      user: { ok: true, value: "ada" },
      ads: { ok: false, error },
      news: { ok: false, error },
      orders: { ok: true, value: false },
    },
    successes: { user: "ada", orders: false },
    failures: { ads: error, news: error },
  });
  expect(Object.hasOwn(result.outcomes, "left")).toBe(false);
});

test("outcomes of a list stand at their positions; its successes and failures are those there are", async () => {
  const result = await settle([() => 1, fails, undefined, () => 4]);
  expect(result).toEqual({
    outcomes: [{ ok: true, value: 1 }, { ok: false, error }, undefined, { ok: true, value: 4 }],
    successes: [1, 4],
    failures: [error],
  });
  expect(await settle([])).toEqual({ outcomes: [], successes: [], failures: [] });
});

describe("a fallback", () => {
  test("stands in as a value or as what a function makes of the error", async () => {
    const { outcomes, successes, failures } = await settle(
      { a: fails, b: fails, c: fails, d: () => 4 },
      {
        fallback: { a: null, b: (thrown) => (thrown === error ? "made" : "?"), c: undefined, d: 0 },
      },
    );
    expect(outcomes).toEqual({
      a: { ok: true, value: null, replacedError: error },
      b: { ok: true, value: "made", replacedError: error },
      c: { ok: true, value: undefined, replacedError: error },
      d: { ok: true, value: 4 },
    });
    expect(successes).toEqual({ a: null, b: "made", c: undefined, d: 4 });
    expect(failures).toEqual({});
  });

  test("that throws leaves a failure with what it threw", async () => {
    const other = new Error("not for this one");
    const { outcomes } = await settle([fails], {
      fallback: {
        0: () => {
          throw other;
        },
      },
    });
    expect(outcomes).toEqual([{ ok: false, error: other }]);
  });

  test("that is or makes a promise is refused, and its rejection ignored", async () => {
    const refused = { code: "UPSHIFT_INVALID_ARGUMENT" };
    await expect(settle({ a: fails }, { fallback: { a: fails() } })).rejects.toMatchObject(refused);
    const { failures } = await settle({ a: fails }, { fallback: { a: fails } });
    expect(failures.a).toMatchObject(refused);
    await turn();
  });

  test("of a task that there is not is refused", async () => {
    const fallback = { b: 1 } as unknown as { a: number };
    await expect(settle({ a: fails }, { fallback })).rejects.toThrow('"b"');
    const list = [1] as unknown as { 0: number };
    await expect(settle([fails], { fallback: list })).rejects.toThrow("`fallback`");
  });
});

describe("the quorum", () => {
  test("ends the call as soon as it cannot be reached, with what was thrown, and aborts the rest", async () => {
    let reason: unknown;
    const calling = settle(
      {
        a: fails,
        b: async () => {
          await turn();
          throw new Error("b");
        },
        c: ({ signal }) =>
          new Promise<void>(() => {
            signal.addEventListener("abort", () => (reason = signal.reason));
          }),
      },
      // A fallback is no answer of the replica.
      { quorum: 2, fallback: { a: 1, b: 2 } },
    );
    const thrown: unknown = await calling.catch((caught: unknown) => caught);
    expect(thrown).toBeInstanceOf(QuorumError);
    expect(thrown).toMatchObject({
      code: "UPSHIFT_QUORUM_UNREACHABLE",
      message: '2 of 3 tasks had to succeed and 2 failed: "a", "b"',
      quorum: 2,
      taskCount: 3,
      failures: { a: error, b: new Error("b") },
      cause: error,
      details: { quorum: 2, taskCount: 3, failed: ["a", "b"] },
    });
    expect(reason).toBe(thrown);
  });

  test("that is reached lets the rest go on", async () => {
    const { successes } = await settle([() => 1, async () => turn(2), fails], { quorum: 2 });
    expect(successes).toEqual([1, 2]);
  });

  test.each([-1, 3, 0.5, Number.NaN])("of %j of two tasks is refused", async (quorum) => {
    const calling = settle([fails, fails], { quorum });
    await expect(calling).rejects.toThrow(
      "`quorum` as an integer from 0 to the number of tasks, 2",
    );
  });
});

describe("the deadline", () => {
  test("gives what is there; those that are not done have failed with it, or their fallback stands in", async () => {
    const clock = createSimulatedClock();
    const calling = settle(
      { done: () => 1, slow: hangs, boxed: hangs, never: hangs },
      { deadline: 100, clock, concurrency: 2, fallback: { boxed: [] }, quorum: 1 },
    );
    await clock.advance(100);
    const { outcomes, successes, failures } = await calling;
    expect(successes).toEqual({ done: 1, boxed: [] });
    expect(failures.slow).toBeInstanceOf(DeadlineError);
    expect(failures.slow).toMatchObject({ running: ["slow", "boxed"], waiting: ["never"] });
    expect(failures.never).toBe(failures.slow);
    expect(outcomes.boxed).toEqual({ ok: true, value: [], replacedError: failures.slow });
    expect(clock.timerCount).toBe(0);
  });

  test("without the quorum is a quorum that cannot be reached", async () => {
    const calling = settle([() => 1, hangs], { deadline: 1, quorum: 2 });
    await expect(calling).rejects.toMatchObject({
      code: "UPSHIFT_QUORUM_UNREACHABLE",
      failures: { 1: { code: "UPSHIFT_DEADLINE_EXCEEDED" } },
    });
  });

  test("waits for the tasks at work when told to", async () => {
    const clock = createSimulatedClock();
    const ends: (() => void)[] = [];
    const calling = settle([() => new Promise<void>((resolve) => ends.push(resolve))], {
      deadline: 10,
      waitsForRunning: true,
      clock,
    });
    let isOver = false;
    void calling.then(() => (isOver = true));
    await clock.advance(10);
    expect(isOver).toBe(false);
    ends[0]?.();
    const { failures } = await calling;
    expect(failures).toMatchObject([{ code: "UPSHIFT_DEADLINE_EXCEEDED" }]);
  });
});

test("an abort ends the call with its reason and is no outcome; nothing is left behind", async () => {
  const abort = new AbortController();
  const clock = createSimulatedClock();
  const options = { signal: abort.signal, deadline: 10, clock };
  await settle([() => 1, fails], options);
  const calling = settle([hangs, fails], options);
  await turn();
  abort.abort(error);
  await expect(calling).rejects.toBe(error);
  await expect(settle([hangs], options)).rejects.toBe(error);
  expect(clock.timerCount).toBe(0);
  expect(getEventListeners(abort.signal, "abort")).toEqual([]);
});

import { AsyncLocalStorage } from "node:async_hooks";
import { getEventListeners } from "node:events";
import { setImmediate as turn } from "node:timers/promises";
import { mapLimit, type TaskContext } from "@upshift/foundation";
import { createSimulatedClock } from "@upshift/foundation/testing";
import { describe, expect, test } from "vitest";
import { DeadlineError } from "./deadline-error.ts";
import { parallel } from "./parallel.ts";

/** Ends with its signal's reason, as `fetch` does. */
function untilAborted({ signal }: TaskContext): Promise<never> {
  return new Promise((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason);
    else signal.addEventListener("abort", () => reject(signal.reason));
  });
}

const hangs = (): Promise<never> => new Promise(() => {});

describe("results", () => {
  test("are under the names of their tasks, in their order, whatever they are called", async () => {
    const names = ["b", "10", "a", "2", "toString", "constructor", "__proto__", ""];
    const tasks = Object.fromEntries(names.map((name) => [name, async () => `of ${name}`]));
    const result = await parallel(tasks);
    expect(Object.keys(result)).toEqual(Object.keys(tasks));
    for (const name of names)
      expect(Object.getOwnPropertyDescriptor(result, name)?.value).toBe(`of ${name}`);
    expect(Object.getPrototypeOf(result)).toBe(Object.prototype);
  });

  test("of a list are at their positions, also where a task is left out", async () => {
    const results = await parallel([() => 1, undefined, async () => 3]);
    expect(results).toEqual([1, undefined, 3]);
    expect(await parallel([undefined])).toEqual([undefined]);
  });

  test("of nothing are nothing", async () => {
    expect(await parallel({})).toEqual({});
    expect(await parallel([])).toEqual([]);
  });

  test("`undefined` is a result like others", async () => {
    const result = await parallel(
      { left: undefined, nothing: () => undefined },
      { deadline: "1s" },
    );
    expect(Object.keys(result)).toEqual(["nothing"]);
  });
});

describe("the start", () => {
  test("of all tasks is made before the call returns, with a limit of so many", () => {
    const started: string[] = [];
    const tasks = { a: () => started.push("a"), b: async () => started.push("b"), c: hangs };
    void parallel({ ...tasks, d: () => started.push("d") }, { concurrency: 2 });
    expect(started).toEqual(["a", "b"]);
  });

  test("of what has started already is refused before any task is started, and its later rejection is ignored", async () => {
    const started: string[] = [];
    for (const given of [Promise.reject(new Error("later")), 5, null, "text"]) {
      const tasks = { fine: () => started.push("fine"), given } as unknown as {
        readonly given: () => number;
      };
      await expect(parallel(tasks)).rejects.toMatchObject({
        code: "UPSHIFT_INVALID_ARGUMENT",
        message: expect.stringContaining("`given`"),
      });
    }
    expect(started).toEqual([]);
    await turn();
    for (const tasks of [undefined, null, 5, { [Symbol("s")]: () => 1 }] as unknown as {}[])
      await expect(parallel(tasks)).rejects.toMatchObject({ code: "UPSHIFT_INVALID_ARGUMENT" });
  });

  test("with options that cannot work leaves nothing on the signal", async () => {
    const { signal } = new AbortController();
    for (const options of [{ concurrency: 0 }, { deadline: "soon" }, { deadline: -1 }])
      await expect(parallel({ a: () => 1 }, { signal, ...options })).rejects.toMatchObject({
        code: "UPSHIFT_INVALID_ARGUMENT",
      });
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });
});

describe("the first error", () => {
  test("ends the call, is the same object, and is the reason that the siblings see", async () => {
    const error = new Error("no such user");
    const seen: unknown[] = [];
    const calling = parallel({
      user: async () => {
        await turn();
        throw error;
      },
      orders: async (context) => {
        await untilAborted(context).catch((reason: unknown) => seen.push(reason));
        throw new Error("a later error that nobody sees");
      },
      hangs,
    });
    await expect(calling).rejects.toBe(error);
    await turn();
    expect(seen).toEqual([error]);
  });

  test("thrown before a promise is made keeps later tasks from starting", async () => {
    const calling = parallel([
      (): never => {
        throw new Error("at once");
      },
      () => expect.fail("started"),
    ]);
    await expect(calling).rejects.toThrow("at once");
  });

  test("is thrown only once the siblings have ended, when told to wait", async () => {
    let isOpen = false;
    const calling = parallel(
      {
        fails: () => Promise.reject(new Error("first")),
        usesTransaction: async () => {
          isOpen = true;
          await turn();
          await turn();
          isOpen = false;
        },
      },
      { waitsForRunning: true },
    );
    expect(isOpen).toBe(true);
    await expect(calling).rejects.toThrow("first");
    expect(isOpen).toBe(false);
  });
});

describe("the deadline", () => {
  test("ends the call naming what is running and what was never started, and aborts it", async () => {
    const clock = createSimulatedClock();
    let reason: unknown;
    const calling = parallel(
      {
        quick: () => 1,
        slow: (context) => untilAborted(context).catch((aborted: unknown) => (reason = aborted)),
        deaf: hangs,
        never: hangs,
      },
      { deadline: "250ms", concurrency: 2, clock },
    );
    const caught = calling.catch((error: unknown) => error);
    await clock.advance(249);
    expect(reason).toBeUndefined();
    await clock.advance(1);
    const error = await caught;
    expect(error).toBeInstanceOf(DeadlineError);
    expect(error).toMatchObject({
      code: "UPSHIFT_DEADLINE_EXCEEDED",
      message: 'not done within 250 ms: still running "slow", "deaf"; not started "never"',
      deadlineMs: 250,
      running: ["slow", "deaf"],
      waiting: ["never"],
      details: { deadlineMs: 250, running: ["slow", "deaf"], waiting: ["never"] },
    });
    expect(reason).toBe(error);
    expect(clock.timerCount).toBe(0);
  });

  test("leaves no timer, however the call ends", async () => {
    const clock = createSimulatedClock();
    const { signal } = new AbortController();
    const options = { deadline: 1_000, clock, signal };
    await parallel({ a: () => 1 }, options);
    await parallel({ a: async () => 1 }, options);
    await parallel({ a: () => Promise.reject(new Error("a")) }, options).catch(() => undefined);
    await parallel({ a: hangs }, { ...options, signal: AbortSignal.abort() }).catch(
      () => undefined,
    );
    await parallel({}, options);
    expect(clock.timerCount).toBe(0);
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  test("of real time ends what hangs", async () => {
    await expect(parallel([hangs], { deadline: 5 })).rejects.toMatchObject({ running: ["0"] });
  });

  test("names a few of many tasks in its message, and all in its field", async () => {
    const tasks = Array.from({ length: 100 }, () => hangs);
    const error: unknown = await parallel(tasks, { deadline: 1 }).catch(
      (thrown: unknown) => thrown,
    );
    expect((error as DeadlineError).message).toBe(
      'not done within 1 ms: still running "0", "1", "2", "3", "4" and 95 more',
    );
    expect((error as DeadlineError).running).toHaveLength(100);
  });
});

describe("an abort", () => {
  test("reaches the tasks of nested calls with its reason, and leaves no listener anywhere", async () => {
    const abort = new AbortController();
    const seen: unknown[] = [];
    const leaf = async (context: TaskContext): Promise<void> => {
      await untilAborted(context).catch((thrown: unknown) => seen.push(thrown));
    };
    const calling = parallel(
      {
        inner: ({ signal }) =>
          parallel([leaf, ({ signal: own }) => parallel({ leaf }, { signal: own })], { signal }),
        mapped: ({ signal }) =>
          mapLimit([1, 2, 3], 2, (_item, _index, context) => leaf(context), { signal }),
      },
      { signal: abort.signal },
    );
    const reason = new Error("the client has gone");
    abort.abort(reason);
    await expect(calling).rejects.toBe(reason);
    await turn();
    expect(seen).toEqual([reason, reason, reason, reason]);
    expect(getEventListeners(abort.signal, "abort")).toEqual([]);
  });

  test("before the call starts nothing", async () => {
    const calling = parallel(
      { a: () => expect.fail("started") },
      { signal: AbortSignal.abort("no") },
    );
    await expect(calling).rejects.toBe("no");
  });
});

test("tasks run in the caller's AsyncLocalStorage, those that start late too", async () => {
  const request = new AsyncLocalStorage<number>();
  const task = async (): Promise<number | undefined> => {
    await turn();
    return request.getStore();
  };
  const calls = Array.from({ length: 20 }, (_, id) =>
    request.run(id, () => parallel([task, task, task, task], { concurrency: 1 + (id % 3) })),
  );
  expect(await Promise.all(calls)).toEqual(Array.from({ length: 20 }, (_, id) => [id, id, id, id]));
});

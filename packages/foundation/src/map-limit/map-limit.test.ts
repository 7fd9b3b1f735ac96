import { AsyncLocalStorage } from "node:async_hooks";
import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, expectTypeOf, test } from "vitest";
import { counted, thenable, turns } from "../../test/work.ts";
import { mapLimit } from "./map-limit.ts";
import type { ItemOutcome } from "./outcome.ts";

function never(): never {
  return expect.fail("called");
}

describe("results", () => {
  test("are in the order of the items, whatever order the work is done in", async () => {
    const waits = [30, 1, 20, 0];
    const results = mapLimit(waits, 4, async (count, index) => [index, await turns(count)]);
    expect(await results).toEqual([
      [0, 30],
      [1, 1],
      [2, 20],
      [3, 0],
    ]);
  });

  test("are in the order of completion when asked for", async () => {
    const waits = [30, 1, 20, 0];
    expect(await mapLimit(waits, 4, turns, { order: "completion" })).toEqual([0, 1, 20, 30]);
  });

  test("of nothing are nothing, without a call", async () => {
    expect(await mapLimit([], 3, never)).toEqual([]);
    expect(await mapLimit(new Set(), Number.POSITIVE_INFINITY, never)).toEqual([]);
    expect(await mapLimit((async function* () {})(), 1, never)).toEqual([]);
  });

  test("say of every item what became of it when errors are collected", async () => {
    const error = new Error("odd");
    const outcomes = await mapLimit(
      [0, 1, 2, 3],
      2,
      (item) => {
        if (item === 1) throw error;
        return item === 3 ? Promise.reject(error) : item;
      },
      { onError: "collect" },
    );
    expectTypeOf(outcomes).toEqualTypeOf<ItemOutcome<number>[]>();
    expect(outcomes).toEqual([
      { ok: true, value: 0, index: 0 },
      { ok: false, error, index: 1 },
      { ok: true, value: 2, index: 2 },
      { ok: false, error, index: 3 },
    ]);
  });

  test("come from any iterable, with what the work gives awaited once", async () => {
    const results = await mapLimit(new Set([1, 2]), 1, async (item) => item * 2);
    expectTypeOf(results).toEqualTypeOf<number[]>();
    expect(results).toEqual([2, 4]);
    expect(await mapLimit("ab", 2, (letter) => letter.toUpperCase())).toEqual(["A", "B"]);
    const lazyQuery = thenable<string>((resolve) => resolve("rows"));
    expect(await mapLimit([0], 1, () => lazyQuery)).toEqual(["rows"]);
  });
});

describe("concurrency", () => {
  test("is the most that runs at a time, and is reached", async () => {
    let running = 0;
    let most = 0;
    await mapLimit(counted(50), 7, async () => {
      running++;
      most = Math.max(most, running);
      await turn();
      running--;
    });
    expect(most).toBe(7);
  });

  test("holds back the source: an item is pulled when it can be started", async () => {
    const log: string[] = [];
    const releases: (() => void)[] = [];
    void mapLimit(counted(10, log), 3, () => new Promise<void>((done) => releases.push(done)));
    await turn();
    expect(log).toEqual(["pull 0", "pull 1", "pull 2"]);
    releases[1]?.();
    await turn();
    expect(log).toEqual(["pull 0", "pull 1", "pull 2", "pull 3"]);
  });

  test("a slot comes back after every kind of failure", async () => {
    const failing = [
      (): never => {
        throw new Error("at once");
      },
      () => Promise.reject(new Error("later")),
      async () => {
        await turn();
        throw new Error("much later");
      },
    ];
    const items = Array.from({ length: 30 }, (_, index) => index);
    const outcomes = await mapLimit(items, 1, (item) => failing[item % 3]?.(), {
      onError: "collect",
    });
    expect(outcomes.map(({ ok }) => ok)).toEqual(items.map(() => false));
  });

  test.each([0, -1, 1.5, Number.NaN, "4" as unknown as number])("%j is refused", async (limit) => {
    await expect(mapLimit([1], limit, () => 1)).rejects.toMatchObject({
      code: "UPSHIFT_INVALID_ARGUMENT",
      message: expect.stringContaining("`concurrency`"),
    });
  });

  test("work that returns at once runs in a loop, not on the stack, nor far from it", async () => {
    const count = 50_000;
    const results = await mapLimit(counted(count), 1, (item) => item + 1);
    expect(results).toHaveLength(count);
    expect(results[count - 1]).toBe(count);
    const later = (async function* () {
      yield* counted(20_000);
    })();
    expect(await mapLimit(later, 1, (item) => item)).toHaveLength(20_000);
  });
});

test("work runs in the caller's AsyncLocalStorage, also after promises that call back from elsewhere", async () => {
  const storage = new AsyncLocalStorage<string>();
  const callbacks: (() => void)[] = [];
  // A driver that calls back from its socket, in nobody's context.
  const socket = setInterval(() => {
    for (const callback of callbacks.splice(0)) callback();
  }, 1);
  const query = thenable<undefined>((resolve) => void callbacks.push(() => resolve(undefined)));
  const seen: (string | undefined)[] = [];
  const inContext = (name: string): Promise<unknown[]> =>
    storage.run(name, () =>
      mapLimit([0, 1, 2, 3, 4], 2, (item) => {
        seen.push(`${name} ${storage.getStore()}`);
        return item % 2 === 0 ? turn() : query;
      }),
    );
  await Promise.all([inContext("a"), inContext("b")]);
  clearInterval(socket);
  expect(seen.filter((pair) => pair === "a a")).toHaveLength(5);
  expect(seen.filter((pair) => pair === "b b")).toHaveLength(5);
});

test("progress is told after each start and each end, and what it throws ends the call", async () => {
  const seen: string[] = [];
  await mapLimit([0, 1, 2], 2, (item) => (item === 1 ? Promise.reject(new Error("1")) : turn()), {
    onError: "collect",
    onProgress: ({ runningCount, doneCount, failedCount }) =>
      seen.push(`${runningCount} ${doneCount} ${failedCount}`),
  });
  expect(seen).toEqual(["1 0 0", "2 0 0", "1 1 1", "2 1 1", "1 2 1", "0 3 1"]);
  const tooMuch = mapLimit([0, 1, 2], 1, () => turn(), {
    onProgress: ({ doneCount }) => {
      if (doneCount === 1) throw new Error("from the progress bar");
    },
  });
  await expect(tooMuch).rejects.toThrow("from the progress bar");
});

test("options and tasks that cannot work are refused by name", async () => {
  const options = { order: "random" } as unknown as { order: "input" };
  await expect(mapLimit([1], 1, () => 1, options)).rejects.toThrow("`order`");
  const task = undefined as unknown as () => number;
  await expect(mapLimit([1], 1, task)).rejects.toThrow("`task`");
});

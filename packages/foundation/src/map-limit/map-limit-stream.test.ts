import { getEventListeners } from "node:events";
import { setImmediate as turn } from "node:timers/promises";
import { expect, expectTypeOf, test } from "vitest";
import { counted, turns } from "../../test/work.ts";
import { mapLimitStream } from "./map-limit-stream.ts";
import type { ItemOutcome } from "./outcome.ts";

test("a source without end is worked on no further ahead than said, and closed when the loop is left", async () => {
  const log: string[] = [];
  const taken: number[] = [];
  let mostAhead = 0;
  const stream = mapLimitStream(counted(Number.POSITIVE_INFINITY, log), 3, async (item) => {
    await turns(item % 4);
    return item * 10;
  });
  expect(log).toEqual([]);
  for await (const result of stream) {
    expectTypeOf(result).toEqualTypeOf<number>();
    taken.push(result);
    await turns(3);
    mostAhead = Math.max(mostAhead, stream.runningCount + stream.readyCount);
    if (taken.length === 20) break;
  }
  expect(taken).toEqual(Array.from({ length: 20 }, (_, index) => index * 10));
  expect(mostAhead).toBe(3);
  expect(log.at(-1)).toBe("closed");
  expect(await stream.next()).toEqual({ done: true, value: undefined });
});

test("`maxAhead` lets more results wait than run, and fewer", async () => {
  for (const [maxAhead, expected] of [
    [5, 5],
    [1, 1],
  ] as const) {
    const stream = mapLimitStream(counted(100), 2, (item) => turn(item), { maxAhead });
    await stream.next();
    await turns(20);
    expect(stream.readyCount).toBe(expected);
    await stream.return();
  }
});

test("an error comes after the results that were ready before it", async () => {
  const stream = mapLimitStream([0, 1, 2, 3], 4, async (item) => {
    if (item === 2) await turn();
    if (item === 2) throw new Error("third");
    return item;
  });
  const seen: unknown[] = [];
  const loop = (async () => {
    for await (const result of stream) seen.push(result);
  })();
  await expect(loop).rejects.toThrow("third");
  expect(seen).toEqual([0, 1]);
  expect(stream.readyCount).toBe(0);
});

test("calls of `next` that overlap are answered in turn", async () => {
  const stream = mapLimitStream([3, 1, 2], 3, (item) => turns(item), { order: "completion" });
  const asked = [stream.next(), stream.next(), stream.next(), stream.next()];
  expect((await Promise.all(asked)).map(({ value }) => value)).toEqual([1, 2, 3, undefined]);
});

test("collected outcomes say which item they are of", async () => {
  const stream = mapLimitStream([1, 0], 2, (item) => item || raise(), {
    onError: "collect",
  });
  const seen: ItemOutcome<number>[] = [];
  for await (const outcome of stream) seen.push(outcome);
  expect(seen).toEqual([
    { ok: true, value: 1, index: 0 },
    { ok: false, error: new Error("zero"), index: 1 },
  ]);
});

test("an abort while `next` waits ends it at once, and leaves no listener", async () => {
  const abort = new AbortController();
  const reason = new Error("shutdown");
  const stream = mapLimitStream([1, 2], 2, () => new Promise(() => {}), { signal: abort.signal });
  const asked = stream.next();
  await turn();
  abort.abort(reason);
  await expect(asked).rejects.toBe(reason);
  expect(getEventListeners(abort.signal, "abort")).toEqual([]);
});

test("leaving aborts the work, and waits for it when told to", async () => {
  const ended: string[] = [];
  const work = async (item: number, _: number, { signal }: { signal: AbortSignal }) => {
    if (item === 0) return item;
    while (!signal.aborted) await turn();
    await turn();
    ended.push((signal.reason as DOMException).name);
    return item;
  };
  const stream = mapLimitStream(counted(9), 2, work, { waitsForRunning: true });
  for await (const _ of stream) break;
  expect(ended).toEqual(["AbortError", "AbortError"]);
});

test("a limit that bounds nothing is refused", () => {
  expect(() => mapLimitStream([], Number.POSITIVE_INFINITY, String)).toThrow("`maxAhead`");
  expect(() => mapLimitStream([], 0, String)).toThrow("`concurrency`");
  expect(() => mapLimitStream([], 1, String, { maxAhead: 0 })).toThrow("`maxAhead`");
});

function raise(): never {
  throw new Error("zero");
}

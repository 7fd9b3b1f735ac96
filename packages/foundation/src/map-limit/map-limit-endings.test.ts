import { getEventListeners } from "node:events";
import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { counted } from "../../test/work.ts";
import { mapLimit } from "./map-limit.ts";

const CALLS = process.env["UPSHIFT_TEST_SCALE"] === "full" ? 100_000 : 10_000;

const listenerCount = (signal: AbortSignal): number => getEventListeners(signal, "abort").length;

describe("the first error", () => {
  test("ends the call at once, aborts the siblings with itself, starts nothing more and closes the source", async () => {
    const log: string[] = [];
    const error = new Error("first");
    const signals: AbortSignal[] = [];
    const mapping = mapLimit(counted(10, log), 2, (item, _, { signal }) => {
      signals.push(signal);
      return item === 1 ? Promise.reject(error) : new Promise(() => {});
    });
    await expect(mapping).rejects.toBe(error);
    expect(signals.map(({ reason }): unknown => reason)).toEqual([error, error]);
    expect(log).toEqual(["pull 0", "pull 1", "closed"]);
  });

  test("wins over what the siblings throw when they are aborted", async () => {
    const error = new Error("first");
    const mapping = mapLimit([0, 1], 2, async (item, _, { signal }) => {
      if (item === 1) throw error;
      await new Promise((_resolve, reject) => {
        signal.addEventListener("abort", () => reject(new Error("because of the abort")));
      });
    });
    await expect(mapping).rejects.toBe(error);
  });

  test("may be no error at all", async () => {
    await expect(
      mapLimit([0], 1, () => {
        // oxlint-disable-next-line typescript/only-throw-error
        throw undefined;
      }),
    ).rejects.toBe(undefined);
  });

  test("waits for the siblings and for the source when told to", async () => {
    const log: string[] = [];
    async function* source(): AsyncGenerator<number> {
      try {
        yield* [0, 1, 2, 3];
      } finally {
        await turn();
        log.push("closed");
      }
    }
    const work = async (item: number, _: number, { signal }: { signal: AbortSignal }) => {
      if (item === 1) throw new Error("first");
      while (!signal.aborted) await turn();
      await turn();
      log.push("sibling done");
    };
    const mapping = mapLimit(source(), 2, work, { waitsForRunning: true });
    await expect(mapping).rejects.toThrow("first");
    expect(log.toSorted()).toEqual(["closed", "sibling done"]);
  });
});

describe("the source", () => {
  test("that throws ends the call with what it throws, also when errors are collected", async () => {
    const error = new Error("cursor lost");
    function* source(): Generator<number> {
      yield 0;
      throw error;
    }
    async function* later(): AsyncGenerator<number> {
      yield* source();
    }
    for (const broken of [source, later])
      await expect(mapLimit(broken(), 4, () => turn(), { onError: "collect" })).rejects.toBe(error);
    const notOpened = {
      [Symbol.iterator](): never {
        throw error;
      },
    };
    await expect(mapLimit(notOpened, 4, () => turn())).rejects.toBe(error);
  });

  test("is closed also when it calls the work off itself", async () => {
    const abort = new AbortController();
    const log: string[] = [];
    function* source(): Generator<number> {
      try {
        yield 0;
        abort.abort(new Error("from within"));
        yield 1;
      } finally {
        log.push("closed");
      }
    }
    const mapping = mapLimit(source(), 4, () => turn(), { signal: abort.signal });
    await expect(mapping).rejects.toThrow("from within");
    expect(log).toEqual(["closed"]);
  });

  test("is closed once, by whatever calls the work off during `next`", async () => {
    const abort = new AbortController();
    let returnCount = 0;
    const close = (): { readonly done: true; readonly value: undefined } => {
      returnCount++;
      return { done: true, value: undefined };
    };
    const next = (): { readonly done: false; readonly value: number } => {
      abort.abort(new Error("from within"));
      return { done: false, value: 1 };
    };
    const atOnce = { [Symbol.iterator]: () => ({ next, return: close }) };
    await expect(mapLimit(atOnce, 1, () => 1, { signal: abort.signal })).rejects.toThrow("within");
    expect(returnCount).toBe(1);
  });

  test("whose `return` throws, rejects or never answers does not hide the error or hold it up", async () => {
    for (const close of [
      () => {
        throw new Error("return");
      },
      () => Promise.reject(new Error("return")),
      () => new Promise<never>(() => {}),
    ]) {
      const source = {
        [Symbol.asyncIterator]: () => ({
          next: async () => ({ done: false, value: 1 }) as const,
          return: close,
        }),
      };
      const mapping = mapLimit(source, 1, () => Promise.reject(new Error("work")));
      await expect(mapping).rejects.toThrow("work");
    }
    await turn();
  });

  test("that hangs does not hold up an abort", async () => {
    const abort = new AbortController();
    const hanging = {
      [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }),
    };
    for (const waitsForRunning of [false, true]) {
      const mapping = mapLimit(hanging, 1, () => 1, { signal: abort.signal, waitsForRunning });
      abort.abort(new Error("enough"));
      await expect(mapping).rejects.toThrow("enough");
    }
  });

  test("that breaks the rules of iterators is an error, not a hang", async () => {
    const broken = [
      { [Symbol.iterator]: () => ({ next: () => undefined }) },
      { [Symbol.asyncIterator]: () => ({ next: async () => undefined }) },
      { [Symbol.iterator]: () => undefined },
    ] as unknown as Iterable<number>[];
    for (const source of broken)
      await expect(mapLimit(source, 2, () => 1)).rejects.toBeInstanceOf(TypeError);
    for (const source of [undefined, null, 5, {}] as unknown as Iterable<number>[])
      await expect(mapLimit(source, 2, () => 1)).rejects.toMatchObject({
        code: "UPSHIFT_INVALID_ARGUMENT",
      });
  });
});

describe("an abort", () => {
  test("before the call ends it with the reason; nothing is pulled or started", async () => {
    const reason = new Error("never mind");
    const log: string[] = [];
    const mapping = mapLimit(counted(3, log), 1, () => log.push("work"), {
      signal: AbortSignal.abort(reason),
    });
    await expect(mapping).rejects.toBe(reason);
    expect(log).toEqual([]);
  });

  test("during the work reaches it, closes the source, and leaves no listener", async () => {
    const abort = new AbortController();
    const reason = new Error("shutdown");
    const log: string[] = [];
    const seen: unknown[] = [];
    const mapping = mapLimit(
      counted(9, log),
      3,
      (_item, _index, { signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => {
            seen.push(signal.reason);
            reject(new Error("aborted work"));
          });
        }),
      { signal: abort.signal },
    );
    abort.abort(reason);
    await expect(mapping).rejects.toBe(reason);
    expect(seen).toEqual([reason, reason, reason]);
    expect(log.at(-1)).toBe("closed");
    expect(listenerCount(abort.signal)).toBe(0);
  });

  test("that is looked at only later is seen", async () => {
    let late: AbortSignal | undefined;
    const mapping = mapLimit([0, 1], 2, async (item, _, context) => {
      if (item === 0) throw new Error("first");
      await turn();
      late = context.signal;
    });
    await expect(mapping).rejects.toThrow("first");
    await turn();
    await turn();
    expect(late?.aborted).toBe(true);
    expect(late?.reason).toMatchObject({ message: "first" });
  });

  test("leaves nothing on a signal that lives for many calls of every ending", async () => {
    const { signal } = new AbortController();
    const endings = [
      () => 1,
      () => Promise.resolve(1),
      (): never => {
        throw new Error("at once");
      },
      () => Promise.reject(new Error("later")),
    ];
    for (let call = 0; call < CALLS; call++) {
      const ending = endings[call % endings.length] ?? endings[0];
      await mapLimit([call], 1, () => ending?.(), { signal }).catch(() => undefined);
    }
    expect(listenerCount(signal)).toBe(0);
  }, 300_000);

  test("is heard by hundreds of siblings without a warning of a leak", async () => {
    const warnings: string[] = [];
    const warn = ({ message }: Error): number => warnings.push(message);
    process.on("warning", warn);
    await mapLimit(Array.from({ length: 200 }), 200, async (_item, _index, { signal }) => {
      signal.addEventListener("abort", () => {});
      await turn();
    });
    await turn();
    process.off("warning", warn);
    expect(warnings).toEqual([]);
  });
});

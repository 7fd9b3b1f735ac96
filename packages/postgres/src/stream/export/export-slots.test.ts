import { describe, expect, test } from "vitest";
import { defaultConcurrency, takeSlot } from "./export-slots.ts";

const never = new AbortController().signal;
const query = async () => ({ rows: [] });
const connect = async () => ({ query, release: () => undefined });

describe("places for exports", () => {
  test("half of the connections of a pool, and one at least", () => {
    for (const [max, most] of [
      [1, 1],
      [2, 1],
      [5, 2],
      [20, 10],
      [undefined, 5],
    ] as const) {
      expect(defaultConcurrency({ query, connect, options: { max } } as never)).toBe(most);
    }
    expect(defaultConcurrency({ query, connect, primary: { options: { max: 6 } } } as never)).toBe(
      3,
    );
    expect(defaultConcurrency({ query })).toBe(1);
  });

  test("they are taken in the order of the calls, and an abort leaves the line", async () => {
    const db = { query };
    const order: string[] = [];
    const take = async (name: string, signal: AbortSignal = never) => {
      const leave = await takeSlot(db, 1, signal);
      order.push(name);
      return leave;
    };
    const leave = await take("first");
    const abort = new AbortController();
    const second = take("second", abort.signal);
    const third = take("third");
    const fourth = take("fourth");
    abort.abort(new Error("enough"));
    await expect(second).rejects.toThrow("enough");
    leave();
    (await third)();
    (await fourth)();
    (await take("fifth"))();
    expect(order).toEqual(["first", "third", "fourth", "fifth"]);
    await expect(takeSlot(db, 1, AbortSignal.abort(new Error("before")))).rejects.toThrow("before");
  });
});

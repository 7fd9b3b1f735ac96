import { describe, expect, test } from "vitest";
import { readRows, type RowReader } from "./row-source.ts";

async function all(reader: RowReader): Promise<readonly unknown[]> {
  const rows: unknown[] = [];
  for (let item = await reader.next(); item !== undefined; item = await reader.next())
    rows.push(item.row);
  return rows;
}

async function* silent(): AsyncGenerator<number> {
  yield await new Promise<number>(() => undefined);
}

describe("a source of rows", () => {
  test("gives what it has, at once where it can", async () => {
    const reader = readRows([1, 2], undefined);
    expect(reader.next()).toEqual({ row: 1 });
    expect(await all(reader)).toEqual([2]);
  });

  test("a generator that is closed early runs its finally, one that is at its end does not run it twice", async () => {
    let closed = 0;
    async function* source() {
      try {
        yield 1;
        yield 2;
      } finally {
        closed += 1;
      }
    }
    const early = readRows(source(), undefined);
    await early.next();
    await early.close();
    await early.close();
    expect(closed).toBe(1);
    const whole = readRows(source(), undefined);
    expect(await all(whole)).toEqual([1, 2]);
    await whole.close();
    expect(closed).toBe(2);
  });

  test("an abort ends a wait, and closing does not wait for the source", async () => {
    const abort = new AbortController();
    const reader = readRows(silent(), abort.signal);
    const waiting = reader.next();
    abort.abort(new Error("enough"));
    await expect(waiting).rejects.toThrow("enough");
    await reader.close();
    await expect(reader.next()).rejects.toThrow("enough");
  });

  test("a source that aborts while it is asked ends too", async () => {
    const abort = new AbortController();
    async function* source() {
      abort.abort(new Error("enough"));
      yield await new Promise<number>(() => undefined);
    }
    await expect(readRows(source(), abort.signal).next()).rejects.toThrow("enough");
  });

  test.each([undefined, null, 7, {}])("%s is none", (source) => {
    expect(() => readRows(source as never, undefined)).toThrow(/iterable/);
  });
});

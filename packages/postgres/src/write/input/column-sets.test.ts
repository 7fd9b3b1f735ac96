import { afterEach, describe, expect, test } from "vitest";
import type { ColumnFacts, TableFacts } from "../../catalog/table-facts.ts";
import { type ColumnRules, ColumnSets } from "./column-sets.ts";

const column = (name: string, more: Partial<ColumnFacts> = {}): ColumnFacts =>
  ({
    name,
    sqlName: name,
    type: { baseName: "int4" },
    isGenerated: false,
    identity: undefined,
    ...more,
  }) as ColumnFacts;

const table = {
  schema: "public",
  name: "t",
  columns: new Map(
    [
      column("a"),
      column("b"),
      column("constructor"),
      column("id", { identity: "always" }),
      column("total", { isGenerated: true }),
    ].map((each) => [each.name, each]),
  ),
} as unknown as TableFacts;

const sets = (rules: Partial<ColumnRules> = {}) =>
  new ColumnSets(table, { identity: "refuse", key: [], ...rules });

afterEach(() => {
  Reflect.deleteProperty(Object.prototype, "b");
});

describe("sets of columns", () => {
  test("the same columns are one set in any order, and in the table's order", () => {
    const known = sets();
    const set = known.of({ b: 1, a: null }, 0);
    expect(set.names).toEqual(["a", "b"]);
    expect(known.of({ a: 1, b: 2 }, 1)).toBe(set);
    expect(known.of({ a: 1, b: 2, constructor: undefined }, 2)).toBe(set);
    expect(known.of({ a: 1 }, 3)).not.toBe(set);
    expect(known.known).toHaveLength(2);
  });

  test("only what a row has itself counts", () => {
    const known = sets();
    const both = known.of({ a: 1, b: 2 }, 0);
    expect(known.of({ a: 1 }, 1).names).toEqual(["a"]);
    const inheriting: object = Object.create({ b: 2 }, { a: { value: 1, enumerable: true } });
    expect(known.of(inheriting as never, 2).names).toEqual(["a"]);
    class Row {
      readonly a = 1;
      readonly b = 2;
    }
    expect(known.of(new Row() as never, 3)).toBe(both);
    Reflect.defineProperty(Object.prototype, "b", {
      value: 9,
      enumerable: true,
      configurable: true,
      writable: true,
    });
    const polluted = sets();
    expect(polluted.of({ a: 1, b: 2 }, 4).names).toEqual(["a", "b"]);
    expect(polluted.of({ a: 1 }, 5).names).toEqual(["a"]);
  });

  test("columns that cannot be written are refused with the row's index", () => {
    expect(() => sets().of({ a: 1, total: 2 }, 7)).toThrow(/Row 7 .*"total" is computed/);
    expect(() => sets().of({ id: 2 }, 8)).toThrow(/Row 8 .*"id" is GENERATED ALWAYS/);
    expect(sets({ identity: "write" }).of({ id: 2 }, 0).names).toEqual(["id"]);
    expect(sets({ identity: "ignore" }).of({ id: 2, a: 1 }, 0).names).toEqual(["a"]);
    expect(sets({ key: ["id", "total"] }).of({ id: 2, total: 3 }, 0).names).toEqual([
      "id",
      "total",
    ]);
    expect(() => sets({ key: ["a"] }).of({ a: undefined, b: 1 }, 9)).toThrow(
      /Row 9 .*"a" has no value/,
    );
    expect(() => sets().of({ toString: 1 }, 0)).toThrow(/no column "toString"/);
  });
});

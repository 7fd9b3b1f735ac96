import { describe, expect, it } from "vitest";
import { smallSnapshot } from "../../test/fixtures/small-snapshot.ts";
import type { IndexDefinition } from "../planner/planner.ts";
import { createSchemaLookup } from "../workload/schema-lookup.ts";
import type { TableWrites } from "../workload/write-rates.ts";
import { writeCost } from "./write-cost.ts";

const schema = createSchemaLookup(
  smallSnapshot({
    tables: { t: { columns: ["a int", "b int", "c int"], rows: 40_000 } },
    indexes: [
      { name: "one", table: "t", keys: ["c"] },
      { name: "two", table: "t", keys: ["c", "a"] },
    ],
  }),
);
const relation = schema.snapshot.relations[0]!;

/** log2(40,000) comparisons and two levels of 50 operators each at 0.0025, 0.005 for the entry, a quarter of a random page. */
const ENTRY = (Math.log2(40_000) + 2 * 50) * 0.0025 + 0.005 + 0.25 * 4;

function costOf(columns: readonly string[], writes: Partial<TableWrites>): number {
  const definition: IndexDefinition = {
    schema: "public",
    table: "t",
    method: "btree",
    keys: columns.map((expression) => ({
      expression,
      isColumn: true,
      direction: "asc",
      nulls: "last",
      opclass: null,
    })),
    include: [],
    predicate: null,
  };
  const all = { inserts: 0, deletes: 0, updates: [], hotRatio: 0, ...writes };
  return writeCost(definition, relation, all, schema);
}

describe("the cost of writes", () => {
  it("is one entry per insert, and none per delete", () => {
    expect(costOf(["b"], { inserts: 10 })).toBeCloseTo(10 * ENTRY);
    expect(costOf(["b"], { deletes: 10 })).toBe(0);
  });

  it("spares updates that are HOT and do not touch the index", () => {
    const updates = [{ rows: 100, setColumns: ["x"] }];
    expect(costOf(["b"], { updates, hotRatio: 0.9 })).toBeCloseTo(10 * ENTRY);
  });

  it("ends HOT for updates of its own columns: every index of the table gets an entry", () => {
    const updates = [{ rows: 100, setColumns: ["b"] }];
    // 10 were not HOT; the other 90 now write to this index and to the two that exist.
    expect(costOf(["b"], { updates, hotRatio: 0.9 })).toBeCloseTo((10 + 90 * 3) * ENTRY);
  });

  it("ends nothing where an index has the column already", () => {
    const updates = [{ rows: 100, setColumns: ["a"] }];
    expect(costOf(["a"], { updates, hotRatio: 0.9 })).toBeCloseTo(100 * ENTRY);
  });
});

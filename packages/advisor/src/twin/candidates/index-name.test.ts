import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { IndexDefinition } from "../../planner/planner.ts";
import { indexName } from "./index-name.ts";

function definition(
  columns: readonly string[],
  more: Partial<IndexDefinition> = {},
): IndexDefinition {
  return {
    schema: "public",
    table: "orders",
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
    ...more,
  };
}

describe("indexName", () => {
  it("names the table and its columns", () => {
    expect(indexName(definition(["tenant_id", "created_at"]), () => false)).toBe(
      "orders_tenant_id_created_at_idx",
    );
  });

  it("says what else is special", () => {
    expect(indexName(definition(["a"], { include: ["b"], predicate: "c > 1" }), () => false)).toBe(
      "orders_a_incl_b_partial_idx",
    );
  });

  it("numbers what is taken", () => {
    const taken = new Set(["orders_a_idx", "orders_a_idx1"]);
    expect(indexName(definition(["a"]), (name) => taken.has(name))).toBe("orders_a_idx2");
  });

  it("never exceeds 63 bytes and never cuts a character in two", () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: "grapheme", minLength: 1, maxLength: 40 }), {
          minLength: 1,
          maxLength: 6,
        }),
        (columns) => {
          const name = indexName(definition(columns), () => false);
          expect(Buffer.byteLength(name)).toBeLessThanOrEqual(63);
          expect(name.endsWith("_idx")).toBe(true);
        },
      ),
      { seed: 3 },
    );
  });
});

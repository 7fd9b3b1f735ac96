import { describe, expect, it } from "vitest";
import { type IndexSketch, smallSnapshot } from "../../test/fixtures/small-snapshot.ts";
import type { IndexDefinition } from "../planner/planner.ts";
import type { SearchCandidate } from "../search/search-query.ts";
import { createSchemaLookup } from "../workload/schema-lookup.ts";
import { toSearchCandidates } from "./to-search-candidates.ts";

/** Candidates on `t`, each named by its keys, "a,b" or "a,b+c" with an included column. */
function toSearch(
  names: readonly string[],
  indexes: readonly IndexSketch[] = [],
): ReadonlyMap<string, SearchCandidate> {
  const columns = ["a int", "b int", "c int"];
  const schema = createSchemaLookup(
    smallSnapshot({
      tables: { t: { columns } },
      indexes,
      statistics: [
        { relation: "t", column: "a", distinct: 3 },
        { relation: "t", column: "b", distinct: 500 },
      ],
    }),
  );
  const registered = names.map((name) => ({
    definition: definitionOf(name),
    statements: new Set(["q"]),
    earlyStops: new Set<string>(),
    assumption: null,
    writeCost: 0,
    index: {
      id: name,
      origin: "candidate" as const,
      schema: "public",
      table: "t",
      name,
      ddl: "",
      sizeBytes: 8192,
      canHide: true,
    },
  }));
  return new Map(toSearchCandidates(registered, 0.1, schema).map((item) => [item.id, item]));
}

function definitionOf(name: string): IndexDefinition {
  const [keys = "", include] = name.split("+");
  return {
    schema: "public",
    table: "t",
    method: "btree",
    keys: keys.split(",").map((expression) => ({
      expression,
      isColumn: true,
      direction: "asc",
      nulls: "last",
      opclass: null,
    })),
    include: include === undefined ? [] : [include],
    predicate: null,
  };
}

describe("simpler ones", () => {
  it("start some order of the keys that was proposed: what follows a range or starts a sort does not", () => {
    expect([...(toSearch(["a,b", "b,a", "b", "a"]).get("a,b")?.contains ?? [])].toSorted()).toEqual(
      ["a", "b"],
    );
    expect([...(toSearch(["a,b", "b", "a"]).get("a,b")?.contains ?? [])]).toEqual(["a"]);
  });

  it("keep a wider one out that saves two visits of the table, or ten by the columns that it carries", () => {
    const found = toSearch(["a,b", "a,b+c"]);
    expect(found.get("a,b")?.slackCost).toBe(2 * 4);
    expect(found.get("a,b+c")?.slackCost).toBe(10 * 4);
  });
});

it("prefers the order that starts with the column of more values", () => {
  const found = toSearch(["a,b", "b,a"]);
  expect(found.get("a,b")?.preference).toBe(3);
  expect(found.get("b,a")?.preference).toBe(500);
});

it("asks more of a step from an index that exists than of the first on its columns", () => {
  const fresh = toSearch(["a,b"]).get("a,b");
  expect([fresh?.minGainRatio, fresh?.minGainCost]).toEqual([0.1, 2 * 4]);
  const one = [{ name: "one", table: "t", keys: ["a"] }];
  const more = toSearch(["a,b"], one).get("a,b");
  expect([more?.minGainRatio, more?.minGainCost]).toEqual([0.3, 10 * 4]);
  const reversed = [{ name: "ba", table: "t", keys: ["b", "a"] }];
  const reorder = toSearch(["a,b"], reversed).get("a,b");
  expect([reorder?.minGainRatio, reorder?.minGainCost]).toEqual([0.4, 10 * 4]);
});

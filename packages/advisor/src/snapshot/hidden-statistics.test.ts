import { expect, test } from "vitest";
import type { Relation } from "./database-snapshot.ts";
import { hiddenByRowSecurity, hiddenColumnStatistics } from "./hidden-statistics.ts";
import type { RelationFacts } from "./read-relations.ts";

function table(
  schema: string,
  name: string,
  options: { readonly unreadable?: readonly string[]; readonly hasPolicies?: boolean } = {},
): RelationFacts {
  const columns = ["id", "Name"].map((column, index) => ({
    number: index + 1,
    name: column,
    type: "integer",
    isNotNull: false,
    collation: null,
    default: null,
    generated: null,
    statisticsTarget: null,
    options: [],
    hasVisibleStatistics: true,
  }));
  const relation: Relation = {
    oid: 1,
    schema,
    name,
    kind: "table",
    columns,
    pages: 1,
    rows: 1,
    allVisiblePages: 0,
    allFrozenPages: null,
    options: [],
    partitionKey: null,
    partitionBound: null,
    parents: [],
    hasRowSecurity: options.hasPolicies ?? false,
    activity: null,
    lastAnalyzedAtMs: null,
  };
  return {
    relation,
    owner: "Owner",
    isRowSecurityActive: options.hasPolicies ?? false,
    isSelectable: options.unreadable === undefined,
    unreadableColumns: options.unreadable ?? [],
  };
}

const ALL = ["id", "Name"];
const grants = (relations: readonly RelationFacts[]): readonly (string | null)[] =>
  hiddenColumnStatistics(relations, "reader").map(({ grant }) => grant);

test("five hundred hidden tables of one schema are one GRANT", () => {
  const tables = Array.from({ length: 500 }, (_, index) =>
    table("shop", `t${index}`, { unreadable: ALL }),
  );
  expect(grants(tables)).toEqual(["GRANT SELECT ON ALL TABLES IN SCHEMA shop TO reader;"]);
});

test("a schema with one readable table gets a list, so that nothing is granted that was not hidden", () => {
  const tables = [1, 2, 3, 4, 5].map((index) => table("shop", `t${index}`, { unreadable: ALL }));
  expect(grants([...tables, table("shop", "open")])).toEqual([
    "GRANT SELECT ON ALL TABLES IN SCHEMA shop TO reader;",
  ]);
  expect(grants([...tables, table("shop", "half", { unreadable: ["Name"] })])).toEqual([
    "GRANT SELECT ON TABLE shop.t1, shop.t2, shop.t3, shop.t4, shop.t5 TO reader;",
    'GRANT SELECT ("Name") ON TABLE shop.half TO reader;',
  ]);
});

test("nothing hidden, nothing said", () => {
  expect(grants([table("shop", "open")])).toEqual([]);
});

test("row-level security is explained once per schema and promises no GRANT", () => {
  const guarded = Array.from({ length: 10 }, (_, index) =>
    table("shop", `t${index}`, { hasPolicies: true, unreadable: ALL }),
  );
  const facts = hiddenByRowSecurity(guarded);
  expect(facts).toHaveLength(1);
  expect(facts[0]).toMatchObject({ object: "shop", grant: null });
  expect(facts[0]?.reason).toContain('"Owner"');
  expect(grants(guarded)).toEqual([]);
});

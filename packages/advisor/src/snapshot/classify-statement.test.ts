import { beforeAll, expect, test } from "vitest";
import { classifyStatement, loadGrammar } from "./classify-statement.ts";

beforeAll(async () => {
  await loadGrammar();
});

test.each([
  ["SELECT * FROM pg_class", true],
  ["SELECT * FROM pg_catalog.pg_stats JOIN information_schema.tables ON true", true],
  ["SELECT * FROM extensions.pg_stat_statements", true],
  ["SELECT * FROM pg_class, orders", false],
  ["SELECT * FROM shop.pg_orders", false],
  ["SELECT now()", false],
  ["WITH orders AS (SELECT * FROM pg_class) SELECT * FROM orders", true],
  ["DELETE FROM orders WHERE id IN (SELECT oid FROM pg_class)", false],
])("%s is on system catalogs only: %s", (text, expected) => {
  expect(classifyStatement(text)).toMatchObject({ kind: "query", isOnSystemCatalogs: expected });
});

test.each(["SELECT 1; SELECT 2", "", "VACUUM", "PREPARE p AS SELECT 1", "CALL p()", "SET x = 1"])(
  "%j is no query",
  (text) => {
    expect(classifyStatement(text).kind).toBe("skipped");
  },
);

test.each([
  "SELECT interval $1",
  "MERGE INTO t USING u ON t.a = u.a WHEN MATCHED THEN DELETE",
  "TABLE t",
  "VALUES (1)",
])("%s is a query", (text) => {
  expect(classifyStatement(text).kind).toBe("query");
});

function idOf(sql: string): string {
  const statement = classifyStatement(sql);
  if (statement.kind !== "query") throw new Error(statement.reason);
  return statement.fingerprint;
}

test("equal tables of two schemas are two queries, whatever the constants", async () => {
  await loadGrammar();
  expect(idOf("SELECT 1 FROM a.t WHERE id = 1")).toBe(idOf("SELECT 1 FROM a.t WHERE id = 2"));
  const ids = ["a.t", "b.t", "t"].map((table) => idOf(`SELECT 1 FROM ${table} WHERE id = 1`));
  expect(new Set(ids).size).toBe(3);
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{16}$/);
});

test("a list of 150,000 values is read like a short one", async () => {
  await loadGrammar();
  const list = Array.from({ length: 150_000 }, (_, index) => index).join(", ");
  expect(classifyStatement(`SELECT 1 FROM t WHERE id IN (${list})`)).toMatchObject({
    kind: "query",
    hasList: true,
  });
});

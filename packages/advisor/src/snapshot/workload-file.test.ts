import { fingerprintSync, loadModule } from "libpg-query";
import { expect, test } from "vitest";
import { parseWorkload } from "./workload-file.ts";

test("statements with other constants are calls of one query, named by its fingerprint", async () => {
  await loadModule();
  const { queries, skipped } = await parseWorkload(
    "SELECT * FROM t WHERE a = 1;\nSELECT * FROM t WHERE a = 2;\nSELECT * FROM t WHERE a = 2;\nSELECT * FROM u;",
  );
  expect(skipped).toEqual([]);
  expect(queries).toEqual([
    {
      id: fingerprintSync("SELECT * FROM t WHERE a = $1"),
      text: "SELECT * FROM t WHERE a = 2",
      calls: 3,
      totalMs: null,
      meanMs: null,
      rows: null,
    },
    expect.objectContaining({ text: "SELECT * FROM u", calls: 1 }) as unknown,
  ]);
  expect(queries[0]?.id).toMatch(/^[0-9a-f]{16}$/);
});

test("a comparison with a list stays apart from one with a value", async () => {
  const { queries } = await parseWorkload(
    "SELECT * FROM t WHERE a = 1; SELECT * FROM t WHERE a IN (1, 2); SELECT * FROM t WHERE a IN (1, 2, 3);",
  );
  expect(queries.map(({ calls }) => calls)).toEqual([1, 2]);
  expect(new Set(queries.map(({ id }) => id)).size).toBe(2);
  expect(queries[1]?.id).toMatch(/^[0-9a-f]{16}$/);
});

test("a comment before a statement says how often it is called", async () => {
  const { queries } = await parseWorkload(
    "-- calls: 250\nSELECT 1 FROM t;\n/* calls */ -- Calls:7\nSELECT 2 FROM u WHERE x; -- calls: 9\n",
  );
  expect(queries.map(({ calls }) => calls)).toEqual([250, 7]);
});

test("what is no query is reported with its line and why, and the rest is used", async () => {
  const { queries, skipped } = await parseWorkload(
    [
      "\\timing on",
      "SELECT 1 FROM a;",
      "CREATE TABLE x (a int);",
      "SELECT FROM WHERE;",
      "EXPLAIN SELECT 1;",
      "BEGIN;",
      "COPY t FROM stdin;",
      "1;",
      "\\.",
      "SELECT * INTO y FROM t;",
      "UPDATE t SET a = 1 WHERE b = 2;",
    ].join("\n"),
  );
  expect(queries.map(({ text }) => text)).toEqual([
    "SELECT 1 FROM a",
    "UPDATE t SET a = 1 WHERE b = 2",
  ]);
  expect(skipped.map(({ line, reason }) => [line, reason.split(/[:;]/)[0]])).toEqual([
    [1, "it is a psql command, not SQL"],
    [3, "it is a DDL or utility statement without a plan"],
    [4, "it does not parse"],
    [5, "it is an EXPLAIN"],
    [6, "it is a utility statement without a plan"],
    [7, "COPY has no plan of its own"],
    [10, "SELECT INTO makes a table"],
  ]);
});

test("a statement of a megabyte is one query", async () => {
  const list = Array.from({ length: 100_000 }, (_, index) => index).join(", ");
  const { queries } = await parseWorkload(
    `SELECT * FROM t WHERE a IN (${list}, ${"1".repeat(400_000)}.0)`,
  );
  expect(queries).toHaveLength(1);
});

test.each([
  "",
  "  \n-- nothing\n",
  "\uFEFF",
  "\u0000",
  "\u00FF\u00D8\u00FF\u00E0 JFIF;",
  "(".repeat(20_000),
])("text that is no SQL (%#) throws nothing", async (text) => {
  const { queries } = await parseWorkload(text);
  expect(queries).toEqual([]);
});

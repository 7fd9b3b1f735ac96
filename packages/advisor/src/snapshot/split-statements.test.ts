import * as fc from "fast-check";
import { expect, test } from "vitest";
import { splitStatements } from "./split-statements.ts";

const texts = (sql: string): readonly string[] => splitStatements(sql).map(({ text }) => text);

test.each([
  ["a semicolon in quotes", "SELECT ';'; SELECT 2", ["SELECT ';'", "SELECT 2"]],
  ["a doubled quote", "SELECT 'it''s; ok'; SELECT 2", ["SELECT 'it''s; ok'", "SELECT 2"]],
  [
    "an escaped quote",
    String.raw`SELECT E'\'; x'; SELECT 2`,
    [String.raw`SELECT E'\'; x'`, "SELECT 2"],
  ],
  [
    "a backslash in a plain string",
    String.raw`SELECT '\'; SELECT 2`,
    [String.raw`SELECT '\'`, "SELECT 2"],
  ],
  ["a quoted name", 'SELECT ";" ; SELECT 2', ['SELECT ";"', "SELECT 2"]],
  ["a dollar quote", "SELECT $a$ ; $b$ ; $a$; SELECT 2", ["SELECT $a$ ; $b$ ; $a$", "SELECT 2"]],
  ["a parameter", "SELECT $1; SELECT $2", ["SELECT $1", "SELECT $2"]],
  ["a line comment", "SELECT 1 -- ; no\n; SELECT 2", ["SELECT 1 -- ; no", "SELECT 2"]],
  [
    "a nested comment",
    "SELECT /* ; /* ; */ ; */ 1; SELECT 2",
    ["SELECT /* ; /* ; */ ; */ 1", "SELECT 2"],
  ],
  [
    "a rule's parentheses",
    "CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2); SELECT 3",
    ["CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2)", "SELECT 3"],
  ],
  [
    "an atomic body",
    "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END; SELECT 3",
    [
      "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END",
      "SELECT 3",
    ],
  ],
  ["empty statements", ";; SELECT 1 ;;\n;", ["SELECT 1"]],
  ["an open quote", "SELECT 1; SELECT 'open", ["SELECT 1", "SELECT 'open"]],
  ["nothing but comments", "-- a\n/* b */", []],
])("%s does not split or end a statement", (_case, sql, expected) => {
  expect(texts(sql)).toEqual(expected);
});

test("psql commands are told apart, on their own line and behind an open statement", () => {
  expect(splitStatements("\\set x 1\nSELECT 1\n\\gset\nSELECT 2;")).toMatchObject([
    { kind: "psql", text: "\\set x 1", line: 1 },
    { kind: "sql", text: "SELECT 1", line: 2 },
    { kind: "psql", text: "\\gset", line: 3 },
    { kind: "sql", text: "SELECT 2", line: 4 },
  ]);
});

test("rows of COPY are data, not statements", () => {
  expect(texts("COPY t (a) FROM stdin;\n1;2\n\\N\n\\.\nSELECT 1;")).toEqual([
    "COPY t (a) FROM stdin",
    "SELECT 1",
  ]);
});

test("lines count from the statement's first word", () => {
  const [first, second] = splitStatements("\n-- calls: 3\nSELECT 1;\n\n  SELECT\n2;");
  expect(first).toMatchObject({ line: 3 });
  expect(first?.leadingComments).toContain("calls: 3");
  expect(second).toMatchObject({ line: 5 });
});

test("statements with any quoted text come back one by one", () => {
  const quoted = fc
    .string()
    .filter((text) => !text.includes("\n\\"))
    .map((text) => `SELECT '${text.replaceAll("'", "''")}'`);
  fc.assert(
    fc.property(fc.array(quoted, { maxLength: 5 }), (statements) => {
      expect(texts(statements.join(";\n"))).toEqual(statements);
    }),
    { seed: 1 },
  );
});

test("a megabyte of any one kind of token is split in one pass", () => {
  const long = "x".repeat(1_000_000);
  expect(texts(`SELECT '${"''".repeat(500_000)}'; SELECT 2`)).toHaveLength(2);
  expect(
    texts(`SELECT $$${long}$$; SELECT /*${long}*/ 2; SELECT ${"(".repeat(100_000)}`),
  ).toHaveLength(3);
});

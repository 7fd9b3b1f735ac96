import { beforeAll, describe, expect, it } from "vitest";
import { smallSnapshot } from "../../test/fixtures/small-snapshot.ts";
import { readStatements, type ReadWorkload } from "./read-statements.ts";
import { loadSqlParser, type SqlParser } from "./sql-parser.ts";

let parser: SqlParser;
beforeAll(async () => {
  parser = await loadSqlParser();
});

function read(...texts: readonly string[]): ReadWorkload {
  const snapshot = smallSnapshot({
    tables: {},
    queries: texts.map((text) => ({ text, calls: 2 })),
  });
  return readStatements(snapshot.workload, parser);
}

describe("what pg_stat_statements writes and a server refuses", () => {
  it.each([
    ["select 1 where a > now() - interval $1", "select 1 where a > now() - $1::interval"],
    ["select interval $1 day", "select $1::interval day"],
    ["select interval(3) $1", "select $1::interval(3)"],
    ["select DATE $1, $2", "select $1::DATE, $2"],
    ["select timestamp with time zone $1", "select $1::timestamp with time zone"],
    ["select jsonb $12 -> $3", "select $12::jsonb -> $3"],
    ["select 'é€', interval $1, 'ü'", "select 'é€', $1::interval, 'ü'"],
    [
      "select extract($1 from a), extract( $2 FROM b)",
      'select pg_catalog."extract"($1, a), pg_catalog."extract"( $2, b)',
    ],
    ["select cast($1 as interval), $2::date", "select cast($1 as interval), $2::date"],
    ["select a from t where a in ($1 /*, ... */)", "select a from t where a in ($1 /*, ... */)"],
  ])("%s", (text, expected) => {
    const { statements, skipped } = read(text);
    expect(skipped).toEqual([]);
    expect(statements[0]?.text).toBe(expected);
    // Still one statement of the grammar, with the same parameters.
    expect(parser.parse(expected)).toHaveLength(1);
  });
});

describe("what cannot be planned is skipped with its reason", () => {
  it.each([
    ["create table t (a int)", "it is a utility statement (Create), which has no plan"],
    ["set work_mem = $1", "it is a utility statement (VariableSet), which has no plan"],
    ["begin", "it is a utility statement (Transaction), which has no plan"],
    ["select 1 into t", "SELECT INTO creates a table"],
    ["select 1; select 2", "it is several statements"],
    ["  -- nothing", "it is empty"],
    ["selec 1", "it does not parse: syntax error"],
  ])("%s", (text, reason) => {
    const { statements, skipped } = read(text);
    expect(statements).toEqual([]);
    expect(skipped[0]?.reason).toBe(reason);
  });

  it("a text over 1 MB, without keeping it", () => {
    const { skipped } = read(`select '${"x".repeat(1_100_000)}'`);
    expect(skipped[0]?.reason).toBe("it is longer than 1 MB");
    expect(skipped[0]?.query.length).toBeLessThan(200);
  });

  it("and the rest is read all the same", () => {
    expect(read("nonsense", "select 1").statements).toHaveLength(1);
  });

  it("never shows the literals of what does not parse", () => {
    const { skipped } = read("selec * from t where name = 'secret' and id = 4711 and x = 'sec");
    expect(skipped[0]?.query).not.toMatch(/secret|4711|sec$/);
  });
});

it("adds up equal statements and hides constants from people, not from the planner", () => {
  const { statements } = read("select * from t where a = 5;", "select * from t where a = 5;");
  expect(statements).toMatchObject([
    { calls: 4, normalized: "select * from t where a = $1", parameterCount: 0 },
  ]);
  expect(statements[0]?.text).toContain("a = 5");
});

import { describe, expect, test } from "vitest";
import { sql } from "../sql/sql.ts";
import { readQuery } from "./single-query.ts";

const refused = expect.objectContaining({ code: "UPSHIFT_INVALID_ARGUMENT" });

describe("one query", () => {
  test.each([
    ["SELECT 1", "SELECT 1\n"],
    ["SELECT 1;", "SELECT 1\n"],
    [" select 1 ; -- the end\n /* or so */ ; ", " select 1 \n"],
    ["(((SELECT 1)))", "(((SELECT 1)))\n"],
    ["-- first\nWITH a AS (SELECT ';)') TABLE a", "-- first\nWITH a AS (SELECT ';)') TABLE a\n"],
    ["VALUES (1) -- open", "VALUES (1) -- open\n"],
    [
      "SELECT $$;$$, ';', \";\", E'\\';' /* ; /* ; */ */",
      "SELECT $$;$$, ';', \";\", E'\\';' /* ; /* ; */ */\n",
    ],
  ])("%j", (text, body) => {
    expect(readQuery({ text }).text).toBe(body);
  });

  test.each([
    "SELECT 1; SELECT 2",
    "SELECT 1;;DELETE FROM t",
    "SELECT 1) t; DROP TABLE t; --",
    "SELECT (1)) FROM (SELECT 1",
    "DELETE FROM t",
    "BEGIN",
    "",
    " -- nothing",
    "SELECT 'open",
    "SELECT /* open",
    'SELECT "open',
    "SELECT $$ open",
  ])("%j is none", (text) => {
    expect(() => readQuery({ text })).toThrow(refused);
  });

  test("parameters and values belong together", () => {
    expect(readQuery({ text: "SELECT $2, $1, $2, '$3'", values: ["a", null] })).toEqual({
      text: "SELECT $2, $1, $2, '$3'\n",
      values: ["a", null],
      texts: ["SELECT ", ", ", ", ", ", '$3'\n"],
      numbers: [2, 1, 2],
    });
    for (const [text, values] of [
      ["SELECT $1", []],
      ["SELECT 1", [1]],
      ["SELECT $2", [1, 2]],
      ["SELECT $0, $1", [1]],
      ["SELECT $1", "x"],
    ] as const) {
      expect(() => readQuery({ text, values: values as never })).toThrow(refused);
    }
  });

  test("a piece of SQL is one, whatever its values are", () => {
    const query = readQuery(sql`SELECT ${"; DROP TABLE t; --"}::text`);
    expect(query).toMatchObject({ text: "SELECT $1::text\n", values: ["; DROP TABLE t; --"] });
  });

  test.each([undefined, null, "SELECT 1", {}, { text: 1 }])("%j is no query", (query) => {
    expect(() => readQuery(query as never)).toThrow(refused);
  });
});

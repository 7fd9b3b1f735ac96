import { describe, expect, test } from "vitest";
import { sqlFromNumbered } from "./sql-from-numbered.ts";
import { sql } from "./sql.ts";

describe("a piece from numbered text", () => {
  test("its parameters are numbered anew where it is set in", () => {
    const piece = sqlFromNumbered("a = $2 AND b = $1 AND c <> '$1'", ["x", "y"]);
    expect(sql`SELECT ${0} WHERE ${piece} LIMIT ${9}`.compile()).toEqual({
      text: "SELECT $1 WHERE a = $2 AND b = $3 AND c <> '$1' LIMIT $4",
      values: [0, "y", "x", 9],
    });
  });

  test("a number that comes again stays one parameter, also when the piece is set in twice", () => {
    const piece = sqlFromNumbered("(a = $1 OR $1 IS NULL)", [7]);
    expect(sql`${piece} AND ${1} AND ${piece}`.compile([0])).toEqual({
      text: "(a = $2 OR $2 IS NULL) AND $3 AND (a = $2 OR $2 IS NULL)",
      values: [0, 7, 1],
    });
  });

  test("a line comment at its end does not reach what follows", () => {
    expect(sql`(${sqlFromNumbered("a -- mine", [])}) AND b`.compile().text).toBe(
      "(a -- mine\n) AND b",
    );
  });

  test.each(["a = 'b", "/* a", '"a', "$$ a", "E'a\\'"])(
    "text that ends inside is refused: %s",
    (text) => {
      expect(() => sqlFromNumbered(text, [])).toThrow(/ends inside/);
    },
  );

  test.each(["$0", "$3", "$99999999999999999999"])("%s has no value among two", (text) => {
    expect(() => sqlFromNumbered(text, [1, 2])).toThrow("from $1 to $2");
  });
});

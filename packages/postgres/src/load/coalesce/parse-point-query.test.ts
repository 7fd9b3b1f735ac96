import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { batchSql } from "./batch-sql.ts";
import { parsePointQuery } from "./parse-point-query.ts";

const read = (text: string) => {
  const query = parsePointQuery(text);
  if (typeof query === "string") throw new Error(query);
  return query;
};

describe("a point query", () => {
  test("is read with names folded as PostgreSQL folds them", () => {
    expect(
      read(
        `select ID, "Name" as "N""x", u.score AS total, u.*, * from Shop.Users u\n\twhere U.id=$1 and "K"= $2::uuid limit 1;`,
      ),
    ).toEqual({
      table: ["shop", "users"],
      columns: [
        { name: "id", alias: undefined },
        { name: "Name", alias: 'N"x' },
        { name: "score", alias: "total" },
        "*",
        "*",
      ],
      keys: [
        { column: "id", cast: undefined },
        { column: "K", cast: "uuid" },
      ],
      hasLimit: true,
    });
  });

  test("gives a batch that quotes every name again", () => {
    const text = 'SELECT "a""b" AS "x; --" FROM "s"."upshift:types" WHERE "a""b" = $1';
    const batch = batchSql(read(text));
    expect(batch).toContain('t."a""b" AS "x; --"');
    expect(batch).toContain('FROM "s"."upshift:types" AS t WHERE false AND t."a""b" = ANY($1)');
  });

  test("of a table named as our own expression does not read that expression", () => {
    const batch = batchSql(read('SELECT a FROM "upshift:types" WHERE a = $1'));
    expect(batch).toMatch(/^WITH "upshift:types " AS .* JOIN "upshift:types" AS t ON/);
  });
});

test.each([
  ["UPDATE users SET a = $1", "statement"],
  ["", "statement"],
  ["SELECT 1", "statement"],
  ["SELECT id FROM users", "statement"],
  ["SELECT id FROM users WHERE id = $1 -- x", "statement"],
  ["/* x */ SELECT id FROM users WHERE id = $1", "statement"],
  ["SELECT id FROM users WHERE id = $1; DELETE FROM users", "condition"],
  ["SELECT now() FROM users WHERE id = $1", "statement"],
  ["SELECT id + 1 FROM users WHERE id = $1", "statement"],
  ["SELECT id FROM a, b WHERE id = $1", "statement"],
  ["SELECT id FROM a JOIN b ON a.id = b.id WHERE a.id = $1", "statement"],
  ["SELECT id x FROM users WHERE id = $1", "statement"],
  ["SELECT DISTINCT id FROM users WHERE id = $1", "name"],
  ["SELECT count(*) FROM users WHERE id = $1", "statement"],
  ["SELECT current_user FROM users WHERE id = $1", "name"],
  ["SELECT id, user FROM users WHERE id = $1", "name"],
  ["SELECT id FROM ONLY users WHERE id = $1", "name"],
  ["SELECT id FROM users natural WHERE id = $1", "statement"],
  ["SELECT id FROM users TABLESAMPLE system(1) WHERE id = $1", "statement"],
  ["SELECT other.id FROM users WHERE id = $1", "name"],
  ["SELECT users.id FROM users u WHERE id = $1", "name"],
  ["SELECT id FROM users WHERE other.id = $1", "name"],
  ["SELECT id FROM a.b.c WHERE id = $1", "statement"],
  ["SELECT id FROM users WHERE id > $1", "statement"],
  ["SELECT id FROM users WHERE id = ANY($1)", "statement"],
  ["SELECT id FROM users WHERE id IN ($1)", "statement"],
  ["SELECT id FROM users WHERE $1 = id", "condition"],
  ["SELECT id FROM users WHERE id = $2", "condition"],
  ["SELECT id FROM users WHERE a = $1 AND b = $1", "condition"],
  ["SELECT id FROM users WHERE a = $1 OR b = $2", "condition"],
  ["SELECT id FROM users WHERE id = 7", "condition"],
  ["SELECT id FROM users WHERE id = $1 AND deleted IS NULL", "condition"],
  ["SELECT id FROM users WHERE id = $1::varchar(3)", "statement"],
  ["SELECT id FROM users WHERE id = $1::mood", "cast"],
  ["SELECT id FROM users WHERE id = $1::int::text", "cast"],
  ["SELECT id FROM users WHERE id = $1::timestamp with time zone", "condition"],
  ["SELECT id FROM users WHERE id = $1 ORDER BY id", "order or limit"],
  ["SELECT id FROM users WHERE id = $1 LIMIT 2", "order or limit"],
  ["SELECT id FROM users WHERE id = $1 LIMIT $2", "order or limit"],
  ["SELECT id FROM users WHERE id = $1 OFFSET 1", "order or limit"],
  ["SELECT id FROM users WHERE id = $1 LIMIT 1 OFFSET 1", "order or limit"],
  ["SELECT id FROM users WHERE id = $1 GROUP BY id", "order or limit"],
  ["SELECT id FROM users WHERE id = $1 FETCH FIRST ROW ONLY", "order or limit"],
  ["SELECT id FROM users WHERE id = $1 FOR UPDATE", "locking"],
  ["SELECT id FROM users WHERE id = $1 LIMIT 1 FOR SHARE", "locking"],
  ["SELECT id FROM users WHERE id = $1 UNION SELECT 1", "condition"],
  ["SELECT id FROM users WHERE id = $1LIMIT 1", "statement"],
  ["SELECT id FROM users WHERE naïve = $1", "statement"],
  ["SELECT id FROM users WHERE id = E'\\x'", "statement"],
  [`SELECT U&"d" FROM users WHERE id = $1`, "statement"],
  [`SELECT id FROM "" WHERE id = $1`, "statement"],
  [`SELECT ${"a".repeat(64)} FROM users WHERE id = $1`, "name"],
  [`SELECT "${"ä".repeat(32)}" FROM users WHERE id = $1`, "name"],
  ["SELECT id FROM users WHERE id = $1\0", "statement"],
])("%j is refused: %s", (text, reason) => {
  expect(parsePointQuery(text)).toBe(reason);
});

test("a text that is longer than any point query is not read", () => {
  expect(parsePointQuery(`SELECT id FROM users WHERE id = $1${" ".repeat(5_000)}`)).toBe(
    "statement",
  );
});

test("whatever the text, it is read or refused, and a batch never carries a name out of its quotes", () => {
  const piece = fc.constantFrom(
    ...'SELECT|FROM|WHERE|AND|LIMIT|AS|FOR|UPDATE|*|,|.|=|;|::|$1|$2|1|id|users|text|"|""|\'|--|/*|*/|(|)|\\|\0|é|\n| '.split(
      "|",
    ),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 24 }), fc.constantFrom("", " "), (pieces, glue) => {
      const query = parsePointQuery(pieces.join(glue));
      if (typeof query === "string") return;
      const unquoted = batchSql(query).replaceAll(/"(?:[^"]|"")+"/g, "");
      expect(unquoted).not.toMatch(/["';\\\0é]|--|users|\bid\b/);
    }),
    { numRuns: 20_000, seed: 3 },
  );
});

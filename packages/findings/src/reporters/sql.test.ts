import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { Finding } from "../finding.ts";
import { safeSql } from "./safe-sql.ts";
import { sqlScript, withoutLiterals } from "./sql.ts";
import { sqlTokens } from "./sql-tokens.ts";
import { wrapSql } from "./wrap-sql.ts";

const CREATE = "CREATE INDEX CONCURRENTLY orders_user_id_idx ON orders (user_id)";
const DROP = "DROP INDEX CONCURRENTLY orders_user_id_idx";

function finding(overrides: Partial<Finding> = {}): Finding {
  return {
    rule: "index/missing",
    key: "1",
    severity: "error",
    confidence: "proven",
    title: "Orders of a user are read from the whole table",
    where: {},
    evidence: [],
    cost: {},
    saving: { basis: "planner" },
    fix: { title: "Create it", sql: CREATE, undo: `${DROP};` },
    ...overrides,
  };
}

/** What a server would run of a script: everything outside of comments. */
function runnable(script: string): string {
  return sqlTokens(script)
    .filter(({ kind }) => kind !== "comment")
    .map(({ text }) => text)
    .join("")
    .trim();
}

test("the same statement of two findings stands once, under both reasons", () => {
  const script = sqlScript(
    [
      finding(),
      finding({
        key: "2",
        title: "So does the invoice",
        fix: { title: "", sql: `${CREATE.replaceAll(" ", "\n  ")};` },
      }),
    ],
    { subject: "store" },
  );
  expect(runnable(script)).toBe(`${CREATE};`);
  expect(script).toContain("-- error, proven: Orders of a user");
  expect(script).toContain("-- error, proven: So does the invoice");
});

test("a fix of several statements shares those that another fix has", () => {
  const script = sqlScript(
    [
      finding({
        fix: {
          title: "",
          sql: `${CREATE};\nDROP INDEX old_idx;`,
          undo: `CREATE INDEX old_idx;\n${DROP};`,
        },
      }),
      finding({
        key: "2",
        severity: "warn",
        title: "Also unused",
        fix: { title: "", sql: "DROP INDEX old_idx", undo: "CREATE INDEX old_idx" },
      }),
      finding({
        key: "3",
        severity: "warn",
        confidence: "hint",
        fix: { title: "", sql: `DROP INDEX old_idx; DROP INDEX more_idx -- why` },
      }),
    ],
    { subject: "store" },
  );
  expect(runnable(script)).toBe(`${CREATE};\nDROP INDEX old_idx;`);
  expect(script).toContain("-- warn, proven: Also unused");
  expect(script.match(/^-- CREATE INDEX old_idx;$/gm)).toHaveLength(1);
  expect(script).toContain("-- DROP INDEX more_idx -- why\n-- ;");
});

test("undo and hints are comments, undo the last first", () => {
  const script = sqlScript(
    [
      finding(),
      finding({
        key: "2",
        confidence: "hint",
        fix: { title: "", sql: "CREATE INDEX hint_idx\n  ON a (b)", undo: "DROP INDEX hint_idx" },
      }),
    ],
    { subject: "store" },
  );
  expect(runnable(script)).toBe(`${CREATE};`);
  expect(script).toContain("-- CREATE INDEX hint_idx\n--   ON a (b);");
  const undo = script.slice(script.indexOf("-- Undo"));
  expect(undo.indexOf("-- DROP INDEX hint_idx;")).toBeLessThan(undo.indexOf(`-- ${DROP};`));
  expect(undo.indexOf("-- DROP INDEX hint_idx;")).toBeGreaterThan(0);
});

test("without a fix the script says so and runs nothing", () => {
  const script = sqlScript([finding({ fix: { title: "Think" } })], { subject: "store" });
  expect(script).toContain("no verified fix");
  expect(runnable(script)).toBe("");
});

test("no name and no title breaks out of a comment", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      const hostile = `x\n${text}\rDROP TABLE orders;\u2028`;
      const script = sqlScript(
        [
          finding({ title: hostile, fix: { title: "", sql: CREATE, caution: hostile } }),
          finding({
            key: "2",
            confidence: "hint",
            fix: { title: "", sql: hostile, undo: hostile },
          }),
        ],
        { subject: hostile },
      );
      expect(runnable(script)).toBe(`${CREATE};`);
    }),
    { seed: 20_261_122 },
  );
});

test("a quoted name with control characters keeps its meaning in visible characters", () => {
  expect(safeSql('DROP INDEX "a\u001b[2J\\\nb"')).toBe('DROP INDEX U&"a\\001b[2J\\\\\\000ab"');
  expect(safeSql("SELECT 'a\u202eb'")).toBe("SELECT U&'a\\202eb'");
  expect(safeSql("SELECT E'a\\n\u0007'")).toBe("SELECT E'a\\n\\u0007'");
  expect(safeSql('SELECT "plain"\n\tFROM "注文"')).toBe('SELECT "plain"\n\tFROM "注文"');
});

test.each([
  ["SELECT * FROM a WHERE b = 'it''s' AND c > 1.5e3", "SELECT * FROM a WHERE b = $1 AND c > $2"],
  ["SELECT $2, 7 -- secret\nFROM t1 /* secret */ LIMIT 20", "SELECT $2, $3  \nFROM t1   LIMIT $4"],
  [`SELECT "a 1", a1.b[1:2], $tag$secret$tag$, E'\\'secret'`, `SELECT "a 1", a1.b[$1:$2], $3, $4`],
  ["SELECT 'secret, and no end", "SELECT $1"],
])("%s holds no constant any more", (sql, expected) => {
  expect(withoutLiterals(sql)).toBe(expected);
  expect(withoutLiterals(expected)).toBe(expected);
});

test("tokens of any text give the text back", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      expect(
        sqlTokens(text)
          .map((token) => token.text)
          .join(""),
      ).toBe(text);
    }),
    { seed: 20_261_122 },
  );
});

const sqlPiece = fc.oneof(
  fc.constantFrom("SELECT", "FROM", "(", ")", ",", "::text", "$1", "->>", "a.b", "1.5e3", ";"),
  fc.constantFrom("'it''s  two  spaces'", `"Quoted  Name"`, "$tag$ body  -- no comment $tag$"),
  fc.constantFrom("/* a  comment */", "E'\\'  x'"),
);

function meaning(text: string): readonly string[] {
  return sqlTokens(text)
    .filter(({ kind }) => kind !== "space")
    .map((token) => token.text);
}

test("laid out SQL differs in white space between tokens only", () => {
  fc.assert(
    fc.property(
      fc.array(sqlPiece, { minLength: 1 }),
      fc.integer({ min: 20, max: 120 }),
      (pieces, width) => {
        const sql = pieces.join("  ");
        expect(meaning(wrapSql(sql, width).join("\n"))).toEqual(meaning(sql));
      },
    ),
    { seed: 20_261_122 },
  );
});

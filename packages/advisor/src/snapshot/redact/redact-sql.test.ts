import { beforeAll, expect, test } from "vitest";
import { loadGrammar } from "../classify-statement.ts";
import { createNumberMap } from "./number-map.ts";
import {
  CONSTRAINT,
  EXPRESSION,
  PARTITION_BOUND,
  redactSql,
  type SqlRedaction,
  STATEMENT,
} from "./redact-sql.ts";
import { createTimeMap } from "./time-map.ts";

/** Shows what a constant was taken for instead of replacing it. */
const REDACTION: SqlRedaction = {
  types: [
    { schema: "public", name: "mood", kind: "enum", ddl: "CREATE TYPE public.mood AS ENUM ('ok')" },
  ],
  isText: (value) => value === "4711",
  maps: {
    numbers: createNumberMap(() => 0.5),
    times: createTimeMap(Date.UTC(2026, 0, 1), () => 0.5),
    texts: { replace: (text) => `T${text.length}`, replacePrefix: (text) => `P${text.length}` },
    uuids: { replace: () => "UUID" },
    networks: { replace: () => "IP" },
    macs: { replace: () => "MAC" },
    bytes: { replace: () => String.raw`\x00` },
  },
};

beforeAll(async () => {
  await loadGrammar();
});

test.each([
  ["SELECT a -- secret\nFROM t /* secret */", "SELECT a  \nFROM t"],
  ["SELECT * FROM t WHERE a = 'secret'", "SELECT * FROM t WHERE a = 'T6'"],
  ["SELECT * FROM t WHERE ä = 'ü' AND b = 'secret'", "SELECT * FROM t WHERE ä = 'T1' AND b = 'T6'"],
  [
    "SELECT * FROM t WHERE a = 1000 LIMIT 1000 OFFSET 1000",
    "SELECT * FROM t WHERE a = 1500 LIMIT 1000 OFFSET 1000",
  ],
  [
    "SELECT a, 55 FROM t GROUP BY 2, 11 ORDER BY 12, a + 55",
    "SELECT a, 80 FROM t GROUP BY 2, 11 ORDER BY 12, a + 80",
  ],
  [
    "SELECT a::varchar(20), b[11] FROM t WHERE c = -1000",
    "SELECT a::varchar(20), b[11] FROM t WHERE c = -1500",
  ],
  [
    "SELECT date_trunc('day', x) AT TIME ZONE 'Europe/Berlin' FROM t",
    "SELECT date_trunc('day', x) AT TIME ZONE 'Europe/Berlin' FROM t",
  ],
  [
    "SELECT to_tsvector('english', x) @@ to_tsquery('secret') FROM t",
    "SELECT to_tsvector('english', x) @@ to_tsquery('T6') FROM t",
  ],
  ["SELECT nextval('seq'), 'public.t'::regclass", "SELECT nextval('seq'), 'public.t'::regclass"],
  ["SELECT 'ok'::mood, true, 't'::boolean", "SELECT 'ok'::mood, true, 't'::boolean"],
  [
    "SELECT * FROM t WHERE x > now() - interval '30 days'",
    "SELECT * FROM t WHERE x > now() - interval '30 days'",
  ],
  [
    "SELECT * FROM t WHERE x > current_date - 90 AND y = 90",
    "SELECT * FROM t WHERE x > current_date - 90 AND y = 134",
  ],
  [
    "SELECT * FROM t WHERE x LIKE 'abc%d_' AND y NOT ILIKE '%ef'",
    "SELECT * FROM t WHERE x LIKE 'P3%T1_' AND y NOT ILIKE '%T2'",
  ],
  [
    String.raw`SELECT * FROM t WHERE x LIKE 'a\_bc%' ESCAPE '\'`,
    String.raw`SELECT * FROM t WHERE x LIKE 'P4%' ESCAPE '\'`,
  ],
  [
    "SELECT * FROM t WHERE id = 'c0ffee00-dead-4bad-8bad-0123456789ab'",
    "SELECT * FROM t WHERE id = 'UUID'",
  ],
  [
    "SELECT * FROM t WHERE zip = '4711' AND n = '4712'",
    "SELECT * FROM t WHERE zip = 'T4' AND n = '7068'",
  ],
  [
    "SELECT * FROM t WHERE d > '2025-12-22' AND ts > timestamp '2025-12-22 00:00:00'",
    "SELECT * FROM t WHERE d > '2025-12-21 09:36:00' AND ts > '2025-12-21 09:36:00'",
  ],
  [
    `SELECT * FROM t WHERE j @> '{"key": ["secret", 1000, true]}'`,
    `SELECT * FROM t WHERE j @> '{"T3": ["T6", 1500, true]}'`,
  ],
  [
    "SELECT E'sec\\'ret', $x$secret$x$, U&'secret', B'101', X'1F', N'secret'",
    "SELECT 'T7', 'T6', 'redacted', B'000', X'00', N'T6'",
  ],
  ["SELECT $1, $2::int FROM t WHERE a = ANY ($3)", "SELECT $1, $2::int FROM t WHERE a = ANY ($3)"],
])("%s", (sql, expected) => {
  // A typed constant keeps its type word; only the constant itself is replaced.
  const redacted = redactSql(sql, STATEMENT, REDACTION)?.replace("timestamp '", "'");
  expect(redacted).toBe(expected);
});

test("text that the grammar refuses loses every constant all the same", () => {
  expect(redactSql("SELECT 'secret' FROM WHERE 1000 -- secret", STATEMENT, REDACTION)).toBe(
    "SELECT 'T6' FROM WHERE 1500",
  );
  expect(redactSql("SELECT 'secret", STATEMENT, REDACTION)).toBeNull();
});

test("pieces of definitions are read inside the statement they belong to", () => {
  expect(redactSql("nextval('s'::regclass)", EXPRESSION, REDACTION)).toBe("nextval('s'::regclass)");
  expect(redactSql("CHECK ((a > 1000))", CONSTRAINT, REDACTION)).toBe("CHECK ((a > 1500))");
  expect(redactSql("FOR VALUES WITH (modulus 40, remainder 11)", PARTITION_BOUND, REDACTION)).toBe(
    "FOR VALUES WITH (modulus 40, remainder 11)",
  );
  expect(redactSql("FOR VALUES IN ('secret', 1000)", PARTITION_BOUND, REDACTION)).toBe(
    "FOR VALUES IN ('T6', 1500)",
  );
});

test("the body of an SQL function is redacted as SQL", () => {
  const ddl =
    "CREATE FUNCTION f(a text DEFAULT 'secret') RETURNS text LANGUAGE sql AS $f$ SELECT 'secret' -- secret\n $f$";
  expect(redactSql(ddl, STATEMENT, REDACTION)).toBe(
    "CREATE FUNCTION f(a text DEFAULT 'T6') RETURNS text LANGUAGE sql AS $f$SELECT 'T6'$f$",
  );
});

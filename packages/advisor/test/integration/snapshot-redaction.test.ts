import { createTestDatabase, type TestDatabase } from "@upshift/services";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { DatabaseSnapshot } from "../../src/snapshot/database-snapshot.ts";
import { redactSnapshot } from "../../src/snapshot/redact/redact-snapshot.ts";
import { parseSnapshot, snapshotToJson } from "../../src/snapshot/snapshot-json.ts";
import { snapshotOf } from "../snapshot-of.ts";

/**
 * One secret per place, the dates so far apart that none is what another is moved to. Each must be findable in the real snapshot, or the test would prove
 * nothing.
 */
const SECRETS = {
  rows: [
    "zq-row-text",
    "zq.row@mail.example",
    "zqrowchar",
    "zqrowcitext",
    "zq-row-json-value",
    "zqrowjsonkey",
    "zq-row-array",
    "7391846",
    "91827.3645",
    "4.7182818",
    "73918460.25",
    "1987-03-12",
    "1991-07-23 04:05:06",
    "1979-11-05",
    "13:37:42",
    "c0ffee00-dead-4bad-8bad-0123456789ab",
    "203.0.113.77",
    "2001:db8::7a7a",
    "08:00:2b:7a:7a:01",
    "deadbeef7a7a",
    "615243",
    "1723-02-17",
    "zqcompo",
    "zq-row-expression",
    "555-0199-77",
  ],
  definitions: [
    "zq-in-view",
    "zq-view-pattern",
    "zq-in-function",
    "zq-in-plpgsql",
    "zq-in-argument",
    "zq-in-default",
    "zq-in-check",
    "zq-in-predicate",
    "zq-in-expression",
    "zq-in-domain",
    "zq-partition",
    "1995-05-17",
    "zq-in-statistics",
    "8675309",
  ],
  workload: [
    "zq-query-text",
    "zq-query-pattern",
    "zq-escaped",
    "zq-dollar",
    "zq-unicode",
    "zq-comment",
    "zq-block-comment",
    "zq-json-in-query",
    "zq-path",
    "zq-array-in-query",
    "zq-null-skipped",
    "zq-syntax",
    "5551234567",
    "2022-02-22 02:22:22",
    "19283746.5",
  ],
} as const;

const SCHEMA = `
CREATE EXTENSION citext;
CREATE TYPE stage AS ENUM ('open', 'closed');
CREATE TYPE compo AS (a text, b int);
CREATE DOMAIN code AS text CHECK (value <> 'zq-in-domain');
CREATE FUNCTION label(t text, fallback text DEFAULT 'zq-in-argument') RETURNS text LANGUAGE sql IMMUTABLE
  AS $$ SELECT coalesce(t, fallback, 'zq-in-function') /* zq-in-function */ $$;
CREATE FUNCTION busy(t text) RETURNS text LANGUAGE plpgsql STABLE
  AS $$ BEGIN -- zq-in-plpgsql
    RETURN t || 'zq-in-plpgsql'; END $$;
CREATE TABLE people (
  id int PRIMARY KEY, t text, mail varchar(40), c char(12), ci citext, j jsonb, a text[], n bigint, m numeric, f float8,
  price numeric(12, 2), d date, ts timestamp, tz timestamptz, tod time, u uuid, ip inet, ip6 inet, mac macaddr, b bytea,
  r int4range, dr daterange, stage stage, ok boolean, k compo, phone text,
  note text DEFAULT 'zq-in-default', code code, CONSTRAINT c1 CHECK (t <> 'zq-in-check' AND n <> 8675309)
);
INSERT INTO people
SELECT i,
  CASE WHEN i % 2 = 0 THEN 'zq-row-text' ELSE 'other ' || i END,
  CASE WHEN i % 2 = 0 THEN 'zq.row@mail.example' ELSE i || '@mail.example' END,
  'zqrowchar', 'zqrowcitext', '{"zqrowjsonkey": "zq-row-json-value", "n": [615243, true, null]}',
  ARRAY['zq-row-array', 'b'], CASE WHEN i % 2 = 0 THEN 7391846 ELSE i END, 91827.3645, 4.7182818, 73918460.25,
  '1987-03-12', '1991-07-23 04:05:06', '1979-11-05 01:02:03+00', '13:37:42',
  'c0ffee00-dead-4bad-8bad-0123456789ab', '203.0.113.77', '2001:db8::7a7a', '08:00:2b:7a:7a:01', '\\xdeadbeef7a7a',
  int4range(615243, 615999 + i), daterange('1723-02-17', '1723-02-17'::date + i), 'open', i % 2 = 0,
  ROW('zqcompo', 1)::compo, '555-0199-77', NULL, 'x'
FROM generate_series(1, 200) AS i;
CREATE INDEX people_expression ON people (label(t, 'zq-in-expression'));
CREATE INDEX people_added ON people ((t || ' zq-row-expression'));
CREATE INDEX people_partial ON people (id) WHERE t = 'zq-in-predicate';
CREATE STATISTICS people_pair ON (coalesce(t, 'zq-in-statistics')), mail FROM people;
CREATE VIEW chosen AS SELECT id FROM people WHERE t = 'zq-in-view' OR mail LIKE 'zq-view-pattern%';
CREATE TABLE parts (tenant text, at date) PARTITION BY LIST (tenant);
CREATE TABLE part_one PARTITION OF parts FOR VALUES IN ('zq-partition');
CREATE TABLE spans (at date) PARTITION BY RANGE (at);
CREATE TABLE span_one PARTITION OF spans FOR VALUES FROM ('1995-05-17') TO ('2001-01-01');
ANALYZE;
`;

const WORKLOAD = `
-- zq-comment
SELECT * FROM people /* zq-block-comment */ WHERE t = 'zq-query-text' AND n = 5551234567 LIMIT 20 OFFSET 40;
SELECT * FROM people WHERE mail LIKE 'zq-query-pattern%' AND tz > '2022-02-22 02:22:22+00' AND m < -19283746.5;
SELECT E'zq\\-escaped zq-escaped', $q$zq-dollar$q$, U&'zq-unicode' FROM people WHERE stage = 'open' ORDER BY 1, t;
SELECT * FROM people WHERE j @> '{"zqrowjsonkey": "zq-json-in-query"}' AND j @? '$."zq-path"' AND a && '{zq-array-in-query}';
SELECT date_trunc('month', ts), count(*) FROM people WHERE t = 'zq-row-text' AND ok GROUP BY 1;
CREATE TABLE x AS SELECT 'zq-null-skipped';
SELECT 'zq-syntax' FROM WHERE "zq-syntax";
`;

let database: TestDatabase;
let real: DatabaseSnapshot;
let redacted: DatabaseSnapshot;

beforeAll(async () => {
  database = await createTestDatabase();
  await database.query(SCHEMA);
  real = await snapshotOf(database.url, { workloadSql: WORKLOAD });
  redacted = await redactSnapshot(real);
});

afterAll(async () => {
  await database.drop();
});

test.each(Object.entries(SECRETS))("no secret of %s is in the redacted file", (_place, secrets) => {
  const realJson = snapshotToJson(real);
  const json = snapshotToJson(redacted);
  // A comment before a statement is never taken up, and a JSON escape may split what was written with one.
  const taken = secrets.filter((secret) => realJson.includes(secret));
  expect(secrets.length - taken.length).toBeLessThanOrEqual(1);
  expect(secrets.filter((secret) => json.toLowerCase().includes(secret.toLowerCase()))).toEqual([]);
});

test("takeSnapshot redacts unless it is told not to", async () => {
  const taken = await snapshotOf(database.url, { values: "redacted", workloadSql: WORKLOAD });
  expect(taken.values).toBe("redacted");
  expect(JSON.stringify(taken)).not.toContain("zq-");
});

test("what says how, and not which, stays: LIMIT, positions, units, labels, booleans", () => {
  const texts = redacted.workload.queries.map(({ text }) => text);
  expect(texts[0]).toMatch(/LIMIT 20 OFFSET 40$/);
  expect(texts[2]).toMatch(/stage = 'open' ORDER BY 1, t$/);
  expect(texts[4]).toMatch(/^SELECT date_trunc\('month', ts\), count\(\*\) FROM people WHERE/);
  expect(redacted.types.find(({ name }) => name === "stage")?.ddl).toBe(
    "CREATE TYPE public.stage AS ENUM ('open', 'closed')",
  );
  const ok = redacted.columnStatistics.find(({ column }) => column === "ok");
  expect(ok?.mostCommonValues).toBe("{f,t}");
});

test("a constant keeps pointing at its most common value, in queries and in statistics", () => {
  const statistics = redacted.columnStatistics.find(
    ({ relation, column }) => relation === "people" && column === "t",
  );
  const code = /^\{([a-z0-9]+)[,}]/.exec(statistics?.mostCommonValues ?? "")?.[1];
  expect(code).toMatch(/^[a-z0-9]{11}$/);
  expect(redacted.workload.queries[4]?.text).toContain(`t = '${code ?? "?"}'`);
});

test("every definition and query of the redacted file still means something to PostgreSQL", async () => {
  expect(redacted.workload.queries).toHaveLength(real.workload.queries.length);
  const copy = await createTestDatabase();
  try {
    await copy.query("CREATE EXTENSION citext");
    for (const { ddl } of redacted.types) if (ddl !== null) await copy.query(ddl);
    for (const { ddl } of redacted.functions) await copy.query(ddl);
    const people = redacted.relations.find(({ name }) => name === "people");
    const columns = (people?.columns ?? []).map(({ name, type, default: initial }) =>
      initial === null ? `${name} ${type}` : `${name} ${type} DEFAULT ${initial}`,
    );
    await copy.query(`CREATE TABLE people (${columns.join(", ")})`);
    for (const { table, name, definition, kind } of redacted.constraints) {
      if (table === "people" && kind !== "not-null") {
        await copy.query(`ALTER TABLE people ADD CONSTRAINT ${name} ${definition}`);
      }
    }
    for (const { table, definition, isConstraint } of redacted.indexes) {
      if (table === "people" && !isConstraint) await copy.query(definition);
    }
    for (const { ddl } of redacted.extendedStatistics) await copy.query(ddl);
    for (const { ddl } of redacted.views) await copy.query(ddl);
    for (const { text } of redacted.workload.queries) await copy.query(`EXPLAIN ${text}`);
  } finally {
    await copy.drop();
  }
});

test("PostgreSQL takes the redacted statistics for the same columns", async () => {
  for (const statistics of redacted.columnStatistics) {
    if (statistics.relation !== "people" || statistics.mostCommonValues === null) continue;
    const type = redacted.relations
      .find(({ name }) => name === "people")
      ?.columns.find(({ name }) => name === statistics.column)?.type;
    const rows = await database.query(
      `SELECT cardinality($1::${type?.endsWith("[]") === true ? "text" : (type ?? "text")}[]) AS length`,
      [statistics.mostCommonValues],
    );
    expect(Number(rows[0]?.["length"])).toBe(statistics.mostCommonFrequencies?.length);
  }
});

test("frequencies, widths, sizes and counts are untouched", () => {
  expect(shape(redacted)).toEqual(shape(real));
  expect(redacted.relations.map(({ pages, rows }) => ({ pages, rows }))).toEqual(
    real.relations.map(({ pages, rows }) => ({ pages, rows })),
  );
});

test("a redacted snapshot is read back as it was written, and redacting it again changes nothing", async () => {
  expect(parseSnapshot(snapshotToJson(redacted))).toEqual(redacted);
  expect(await redactSnapshot(redacted)).toBe(redacted);
});

/** What the planner uses of a column's statistics beside the values. */
function shape(snapshot: DatabaseSnapshot): unknown {
  return snapshot.columnStatistics.map(({ column, nullFraction, averageWidthBytes, distinct }) => ({
    column,
    nullFraction,
    averageWidthBytes,
    distinct,
  }));
}

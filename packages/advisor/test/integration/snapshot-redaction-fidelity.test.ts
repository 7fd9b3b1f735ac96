import { createTestDatabase, type TestDatabase } from "@upshift/services";
import type { Client } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ColumnStatistics } from "../../src/snapshot/database-snapshot.ts";
import { redactSnapshot } from "../../src/snapshot/redact/redact-snapshot.ts";
import { snapshotOf, withClient } from "../snapshot-of.ts";

/** Skewed on purpose: what the planner knows of it lies in the values of its statistics. */
const SCHEMA = `
CREATE TABLE sales (id int, tenant int, status text, email text, amount numeric(10, 2), sold_at timestamptz, due date, tags text[]);
INSERT INTO sales
SELECT i, (i * i) % 97 + CASE WHEN i % 3 = 0 THEN 1000 ELSE 0 END,
  CASE WHEN i % 100 < 70 THEN 'delivered' WHEN i % 100 < 95 THEN 'shipped' ELSE 'returned' END,
  (CASE WHEN i % 4 = 0 THEN 'anna' ELSE 'bert' END) || i || '@mail.example',
  power(i % 1000, 2) / 100, now() - (i * i / 1000) * interval '1 minute', current_date - i % 900, ARRAY['t' || i % 50, 'all']
FROM generate_series(1, 20000) AS i;
ANALYZE sales;
`;

const PREDICATES = [
  "status = 'returned'",
  "status IN ('shipped', 'returned')",
  "status <> 'delivered'",
  "tenant = 1022",
  "tenant BETWEEN 20 AND 60",
  "tenant > 1050",
  "id < 5000",
  "amount > 2500.50",
  "amount BETWEEN 10 AND 99.99",
  "email LIKE 'anna%'",
  "email = 'anna400@mail.example'",
  "sold_at > now() - interval '30 days'",
  "sold_at < '2020-01-01 00:00:00+00'",
  "due >= current_date - 90",
  "tags @> '{t7}'",
  "tenant = 1022 AND status = 'returned'",
];

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
  await database.query(SCHEMA);
});

afterAll(async () => {
  await database.drop();
});

test("the planner's estimates under redacted statistics stay near those under real ones", async () => {
  const workloadSql = PREDICATES.map((predicate) => `SELECT * FROM sales WHERE ${predicate};`).join(
    "\n",
  );
  const real = await snapshotOf(database.url, { workloadSql });
  const redacted = await redactSnapshot(real, { random: seeded(7) });
  expect(real.workload.queries).toHaveLength(PREDICATES.length);
  const rows = await withClient(database.url, async (client) => {
    const before = await estimates(
      client,
      real.workload.queries.map(({ text }) => text),
    );
    for (const statistics of redacted.columnStatistics) await restore(client, statistics);
    const after = await estimates(
      client,
      redacted.workload.queries.map(({ text }) => text),
    );
    return before.map((estimate, index) => ({
      text: real.workload.queries[index]?.text,
      before: estimate,
      after: after[index] ?? 0,
    }));
  });
  expect(rows.filter((row) => !isNear(row))).toEqual([]);
});

async function estimates(client: Client, texts: readonly string[]): Promise<readonly number[]> {
  const found: number[] = [];
  for (const text of texts) {
    const { rows } = await client.query<{
      readonly "QUERY PLAN": readonly [{ readonly Plan: { readonly "Plan Rows": number } }];
    }>(`EXPLAIN (FORMAT JSON) ${text}`);
    found.push(rows[0]?.["QUERY PLAN"][0].Plan["Plan Rows"] ?? -1);
  }
  return found;
}

async function restore(client: Client, statistics: ColumnStatistics): Promise<void> {
  const name = ["public", statistics.relation, statistics.column] as const;
  await client.query("SELECT pg_clear_attribute_stats($1, $2, $3, false)", [...name]);
  const { rows } = await client.query<{ readonly ok: boolean }>(
    `SELECT pg_restore_attribute_stats(
      'schemaname', $1::text, 'relname', $2::text, 'attname', $3::text, 'inherited', false, 'null_frac', $4::real,
      'avg_width', $5::int, 'n_distinct', $6::real, 'most_common_vals', $7::text, 'most_common_freqs', $8::real[],
      'histogram_bounds', $9::text, 'correlation', $10::real, 'most_common_elems', $11::text,
      'most_common_elem_freqs', $12::real[]) AS ok`,
    [
      ...name,
      statistics.nullFraction,
      statistics.averageWidthBytes,
      statistics.distinct,
      statistics.mostCommonValues,
      statistics.mostCommonFrequencies,
      statistics.histogramBounds,
      statistics.correlation,
      statistics.mostCommonElements,
      statistics.mostCommonElementFrequencies,
    ],
  );
  expect({ column: statistics.column, rows }).toEqual({
    column: statistics.column,
    rows: [{ ok: true }],
  });
}

/** Source: Tommy Ettinger, mulberry32. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d_2b_79_f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** 20 rows in 20,000 are below what any plan turns on; times move by up to 10 % of their distance from now. */
function isNear({ before, after }: { readonly before: number; readonly after: number }): boolean {
  return Math.abs(after - before) <= Math.max(20, 0.25 * before);
}

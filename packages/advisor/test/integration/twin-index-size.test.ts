import { testServerUrl } from "@upshift/services";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { IndexDefinition, IndexKey } from "../../src/planner/planner.ts";
import { openTwin } from "../../src/twin/open-twin.ts";
import type { Twin } from "../../src/twin/twin.ts";
import { isFullScale } from "./twin/test-scale.ts";
import { createThrowawayDatabase, type ThrowawayDatabase } from "./twin/throwaway-database.ts";

const ROWS = isFullScale ? 1_000_000 : 150_000;

interface Shape {
  readonly keys: readonly string[];
  readonly include?: readonly string[];
  readonly predicate?: string;
}

/** Columns in parentheses are expressions. */
const SHAPES: readonly Shape[] = [
  { keys: ["id"] },
  { keys: ["random"] },
  { keys: ["ten"] },
  { keys: ["thousand"] },
  { keys: ["many"] },
  { keys: ["flag"] },
  { keys: ["email"] },
  { keys: ["key"] },
  { keys: ["at"] },
  { keys: ["mostly_null"] },
  { keys: ["amount"] },
  { keys: ["state"] },
  { keys: ["skewed"] },
  { keys: ["random", "at"] },
  { keys: ["ten", "thousand"] },
  { keys: ["email", "id"] },
  { keys: ["state", "at"] },
  { keys: ["random", "email", "at"] },
  { keys: ["random"], include: ["at"] },
  { keys: ["ten"], include: ["at"] },
  { keys: ["state"], include: ["email", "amount"] },
  { keys: ["at", "random"], include: ["measure"] },
  { keys: ["at"], predicate: "state = 'open'" },
  { keys: ["(lower(email))"] },
];

describe("the size of a candidate", () => {
  let database: ThrowawayDatabase;
  let twin: Twin;
  const rows: { readonly label: string; readonly realPages: number; readonly ratio: number }[] = [];

  beforeAll(async () => {
    database = await createThrowawayDatabase(await testServerUrl());
    await database.client.query(`
      SELECT setseed(0.1);
      CREATE TABLE t AS SELECT i AS id, floor(random() * 2000000000)::int AS random, (random() * 10)::int AS ten,
        floor(random() * 1000)::int AS thousand, floor(random() * ${ROWS / 10})::int AS many, random() < 0.5 AS flag,
        'user' || (i::bigint * 7919 % 1000003) || '@example.com' AS email, gen_random_uuid() AS key,
        timestamptz '2024-01-01' + random() * interval '900 days' AS at,
        CASE WHEN random() < 0.1 THEN i END AS mostly_null, round((random() * 1000)::numeric, 2) AS amount,
        (random() * 100)::numeric AS measure,
        (ARRAY['open', 'paid', 'shipped', 'returned'])[1 + floor(power(random(), 3) * 4)::int] AS state,
        floor(power(random(), 4) * 50000)::int AS skewed
        FROM generate_series(1, ${ROWS}) i`);
    await database.client.query("VACUUM ANALYZE t");
    twin = await openTwin(await database.snapshot());
    const added = await twin.addIndexes(SHAPES.map(definition));
    for (const [position, index] of added.entries()) {
      if ("refused" in index) throw new Error(index.refused);
      await database.client.query(index.ddl);
      const real = await database.client.query(
        `SELECT pg_relation_size($1::regclass) / 8192 AS pages`,
        [index.id],
      );
      await database.client.query(`DROP INDEX ${index.id}`);
      const realPages = Number(real.rows[0].pages);
      const shape = SHAPES[position];
      rows.push({
        label: `${shape?.keys.join(", ")}${shape?.include ? ` include ${shape.include.join(", ")}` : ""}${shape?.predicate ? " partial" : ""}`,
        realPages,
        ratio: index.sizeBytes / 8192 / realPages - 1,
      });
    }
    process.stdout.write(
      `${rows.map((row) => `${(row.ratio * 100).toFixed(1).padStart(7)} %  ${String(row.realPages).padStart(6)}  ${row.label}`).join("\n")}\n`,
    );
  }, 600_000);

  afterAll(async () => {
    await twin?.close();
    await database?.drop();
  });

  it("is within -5 and +2 % of the real build for most shapes", () => {
    const close = rows.filter((row) => row.ratio >= -0.05 && row.ratio <= 0.02);
    expect(close.length / rows.length).toBeGreaterThanOrEqual(0.85);
  });

  // Heavy tails are the worst: ANALYZE counts too few distinct values in them.
  it("is never more than 20 % off", () => {
    expect(rows.filter((row) => Math.abs(row.ratio) > 0.2)).toEqual([]);
  });
});

function definition(shape: Shape): IndexDefinition {
  return {
    schema: "public",
    table: "t",
    method: "btree",
    keys: shape.keys.map((key): IndexKey => ({
      expression: key.replace(/^\(|\)$/gu, ""),
      isColumn: !key.startsWith("("),
      direction: "asc",
      nulls: "last",
      opclass: null,
    })),
    include: shape.include ?? [],
    predicate: shape.predicate ?? null,
  };
}

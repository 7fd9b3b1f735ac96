import { createTestDatabase, type TestDatabase } from "@upshift/services";
import * as fc from "fast-check";
import { Client } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { randomWalks, setupSql, VALUE_TYPES } from "./keyset/random-table.ts";
import { walkRandomTable } from "./keyset/walk-random-table.ts";

const TABLES = process.env["UPSHIFT_TEST_SCALE"] === "full" ? 400 : 40;
const SEED = 20_261_122;

let database: TestDatabase;
let client: Client;
beforeAll(async () => {
  database = await createTestDatabase();
  client = new Client({ connectionString: database.url });
  await client.connect();
  await client.query(setupSql(true));
});
afterAll(async () => {
  await client.end();
  await database.drop();
});

const SETTINGS: readonly (readonly [string, readonly string[]])[] = [
  ["DateStyle", ["ISO, MDY", "SQL, DMY", "German", "Postgres, MDY", "ISO, YMD"]],
  ["IntervalStyle", ["postgres", "sql_standard", "iso_8601", "postgres_verbose"]],
  ["TimeZone", ["UTC", "Europe/Amsterdam", "America/St_Johns", "Asia/Kathmandu"]],
  ["extra_float_digits", ["1", "0", "-15", "3"]],
  ["bytea_output", ["hex", "escape"]],
  ["plan_cache_mode", ["auto", "force_generic_plan"]],
  ["enable_seqscan", ["on", "off"]],
];

test("every walk over a random table, page by page each way and whole, is the server's own full order, whatever the session is set to in between", async () => {
  let pages = 0;
  let tables = 0;
  const betweenPages = async (): Promise<void> => {
    pages += 1;
    const settings = SETTINGS.map(
      ([name, values], index) => `SET ${name} = '${values[(pages * (index + 3)) % values.length]}'`,
    );
    await client.query(settings.join("; "));
  };
  await fc.assert(
    fc.asyncProperty(randomWalks(VALUE_TYPES), async (walk) => {
      const { expected, forward, backward, whole } = await walkRandomTable(
        client,
        `walked_${(tables += 1)}`,
        walk,
        betweenPages,
      );
      expect(forward).toEqual(expected);
      expect(backward).toEqual(expected);
      expect(whole).toEqual(expected);
    }),
    // Shrinking makes a thousand tables; the counterexample is readable as it is.
    { numRuns: TABLES, seed: SEED, endOnFailure: true },
  );
  expect(pages).toBeGreaterThan(4 * TABLES);
}, 600_000);

import { createTestDatabase, type TestDatabase } from "@upshift/services";
import * as fc from "fast-check";
import { Pool } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { copyMany } from "../../src/write/copy-many.ts";
import { deleteMany } from "../../src/write/delete-many.ts";
import { insertMany } from "../../src/write/insert-many.ts";
import { updateMany } from "../../src/write/update-many.ts";
import { upsertMany } from "../../src/write/upsert-many.ts";

const RUNS = process.env["UPSHIFT_TEST_SCALE"] === "full" ? 300 : 40;
const SEED = 20_261_101;

let database: TestDatabase;
let pool: Pool;
beforeAll(async () => {
  database = await createTestDatabase();
  pool = new Pool({ connectionString: database.url, max: 2 });
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

type Row = Record<string, unknown>;

/** Types whose values pg itself can write one by one, with values for them. */
const VALUES: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  "integer DEFAULT 41": fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  bigint: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  "double precision": fc.double(),
  "numeric(20, 4) DEFAULT 1.5": fc.integer().map((n) => `${n}.25`),
  boolean: fc.boolean(),
  "text DEFAULT 'none'": fc.string({ unit: "binary" }).map((text) => text.replaceAll("\0", "")),
  "varchar(8)": fc.string({
    maxLength: 8,
    unit: fc.constantFrom("a", "\\", "\t", "\n", "\r", '"', "'", "{", "}", ",", "é", "😀", "N"),
  }),
  "char(5)": fc.string({ maxLength: 5, unit: fc.constantFrom("x", "y", "z", " ") }),
  timestamptz: fc.date({ min: new Date(-6e13), max: new Date(2e14), noInvalidDate: true }),
  timestamp: fc.date({ min: new Date(0), max: new Date(4e12), noInvalidDate: true }),
  bytea: fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes)),
  "int[]": fc.oneof(
    fc.array(fc.option(fc.integer({ min: 0, max: 99 })), { maxLength: 4 }),
    fc.tuple(fc.tuple(fc.nat(9), fc.nat(9)), fc.tuple(fc.nat(9), fc.nat(9))),
  ),
  "text[]": fc.array(
    fc.option(
      fc.string({ unit: fc.constantFrom("a", "N", "U", "L", " ", ",", "{", "}", '"', "\\") }),
    ),
    {
      maxLength: 4,
    },
  ),
  "uuid DEFAULT '00000000-0000-0000-0000-000000000000'": fc.uuid(),
};

interface Plan {
  readonly types: readonly string[];
  readonly rows: readonly Row[];
  readonly later: readonly Row[];
  readonly chunk: number;
}

const KEYS = 12;

/** Columns c0, c1, …; a key k of few values; rows that have any mixture of the columns. */
const plans: fc.Arbitrary<Plan> = fc
  .subarray(Object.keys(VALUES), { minLength: 1, maxLength: 5 })
  .chain((types) => {
    const cells = types.map((type, index) =>
      fc.option(
        fc.option(VALUES[type] ?? fc.constant(null)).map((value) => [`c${index}`, value] as const),
        { nil: undefined },
      ),
    );
    const row = fc
      .tuple(fc.nat(KEYS), ...cells)
      .map(([k, ...pairs]): Row =>
        Object.fromEntries([["k", k], ...pairs.filter((pair) => pair !== undefined)]),
      );
    return fc.record({
      types: fc.constant(types),
      rows: fc.array(row, { maxLength: 30 }),
      later: fc.array(row, { maxLength: 15 }),
      chunk: fc.integer({ min: 1, max: 12 }),
    });
  });

const columns = (types: readonly string[]): string =>
  types.map((type, index) => `c${index} ${type}`).join(", ");

async function reset(types: readonly string[], key: string): Promise<void> {
  for (const name of ["expected", "actual"]) {
    await pool.query(`DROP TABLE IF EXISTS ${name}`);
    await pool.query(`CREATE TABLE ${name} (k int ${key}, ${columns(types)})`);
  }
}

async function contents(name: string): Promise<readonly string[]> {
  const { rows } = await pool.query(`SELECT t::text AS row FROM ${name} t`);
  return rows.map(({ row }) => String(row)).toSorted();
}

/** One statement per row, with the columns that it has, values as pg writes them. */
async function oneByOne(
  row: Row,
  statement: (names: string[], places: string[]) => string,
): Promise<Row[]> {
  const names = Object.keys(row);
  const places = names.map((_, index) => `$${index + 1}`);
  return (await pool.query(statement(names, places), Object.values(row))).rows;
}

const insertOne = (row: Row) =>
  oneByOne(
    row,
    (names, places) => `INSERT INTO expected (${names.join(", ")}) VALUES (${places.join(", ")})`,
  );

const upsertOne = (row: Row) =>
  oneByOne(row, (names, places) => {
    const set = names.filter((name) => name !== "k").map((name) => `${name} = excluded.${name}`);
    const action = set.length === 0 ? "NOTHING" : `UPDATE SET ${set.join(", ")}`;
    return `INSERT INTO expected (${names.join(", ")}) VALUES (${places.join(", ")}) ON CONFLICT (k) DO ${action}`;
  });

async function expectSame(): Promise<void> {
  expect(await contents("actual")).toEqual(await contents("expected"));
}

const isIn = (rows: readonly Row[]) => (row: Row, index: number) =>
  rows.findLastIndex(({ k }) => k === row["k"]) === index;

test("insertMany, copyMany and an async iterable write what single INSERTs write", async () => {
  await fc.assert(
    fc.asyncProperty(plans, async ({ types, rows, chunk }) => {
      await reset(types, "");
      for (const row of rows) await insertOne(row);
      const written = await insertMany(pool, "actual", rows, { chunk, returning: ["k"] });
      expect(written.rows).toEqual(rows.map(({ k }) => ({ k })));
      await expectSame();
      await pool.query("TRUNCATE actual");
      expect(await copyMany(pool, "actual", rows)).toEqual({ rowCount: rows.length });
      await expectSame();
      await pool.query("TRUNCATE actual");
      async function* source() {
        yield* rows;
      }
      await insertMany(pool, "actual", source(), { chunk });
      await expectSame();
    }),
    { seed: SEED, numRuns: RUNS },
  );
}, 600_000);

test("ON CONFLICT DO NOTHING leaves what single INSERTs leave, also through COPY", async () => {
  expect.hasAssertions();
  await fc.assert(
    fc.asyncProperty(plans, async ({ types, rows, later, chunk }) => {
      await reset(types, "UNIQUE");
      const all = [...rows, ...later];
      for (const row of all) {
        await oneByOne(
          row,
          (names, places) =>
            `INSERT INTO expected (${names.join(", ")}) VALUES (${places.join(", ")}) ON CONFLICT DO NOTHING`,
        );
      }
      await insertMany(pool, "actual", all, { onConflict: "nothing", chunk });
      await expectSame();
      await pool.query("TRUNCATE actual");
      // Through COPY all rows with the same columns are written together, so which of two with one key comes first is certain only among those.
      const firsts = all.filter((row, index) => all.findIndex(({ k }) => k === row["k"]) === index);
      await insertMany(pool, "actual", firsts, { onConflict: "nothing", copyFrom: 1 });
      await expectSame();
    }),
    { seed: SEED, numRuns: RUNS },
  );
}, 600_000);

test("upsertMany leaves what single upserts of the last row of each key leave", async () => {
  await fc.assert(
    fc.asyncProperty(plans, fc.boolean(), async ({ types, rows, later, chunk }, skipUnchanged) => {
      await reset(types, "PRIMARY KEY");
      for (const batch of [rows, later])
        for (const row of batch.filter(isIn(batch))) await upsertOne(row);
      const options = { conflict: ["k"], chunk, skipUnchanged, returning: ["k"] };
      for (const copyFrom of [Number.POSITIVE_INFINITY, 1]) {
        await pool.query("TRUNCATE actual");
        for (const batch of [rows, later]) {
          const result = await upsertMany(pool, "actual", batch, { ...options, copyFrom });
          expect(result.rows).toEqual(batch.map(({ k }) => ({ k })));
          expect(result.duplicateCount).toBe(batch.length - batch.filter(isIn(batch)).length);
          expect(result.rowCount + result.unchangedCount + result.duplicateCount).toBe(
            batch.length,
          );
        }
        await expectSame();
      }
    }),
    { seed: SEED, numRuns: RUNS },
  );
}, 600_000);

test("updateMany and deleteMany do what one UPDATE and one DELETE per row do", async () => {
  await fc.assert(
    fc.asyncProperty(plans, async ({ types, rows, later, chunk }) => {
      await reset(types, "PRIMARY KEY");
      const start = rows.filter(isIn(rows));
      for (const row of start) await insertOne(row);
      await insertMany(pool, "actual", start);
      const returned: (Row | null)[] = [];
      for (const row of later) {
        const [found] = await oneByOne(row, (names, places) => {
          const set = names.slice(1).map((name, index) => `${name} = ${places[index + 1]}`);
          return set.length === 0
            ? `SELECT t::text AS row FROM expected t WHERE k = $1`
            : `UPDATE expected t SET ${set.join(", ")} WHERE k = $1 RETURNING t::text AS row`;
        });
        returned.push(found ?? null);
      }
      const result = await updateMany(pool, "actual", later, { chunk, returning: "*" });
      await expectSame();
      expect(result.rows.map((row) => row?.["k"])).toEqual(
        later.map(({ k }, index) => (returned[index] === null ? undefined : k)),
      );
      const keys = later.map(({ k }) => k);
      await pool.query("DELETE FROM expected WHERE k = ANY ($1)", [keys]);
      const deleted = await deleteMany(pool, "actual", keys, { chunk, returning: ["k"] });
      await expectSame();
      expect(deleted.rows).toEqual(
        keys.map((k, index) =>
          start.some((row) => row["k"] === k) && keys.indexOf(k) === index ? { k } : null,
        ),
      );
    }),
    { seed: SEED, numRuns: RUNS },
  );
}, 600_000);

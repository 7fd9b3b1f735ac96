import {
  bringPostgresMajor,
  componentSkips,
  type PostgresMajor,
  type PostgresServer,
  startPostgres,
} from "@upshift/services";
import { Pool } from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { copyMany } from "../../src/write/copy-many.ts";
import { deleteMany } from "../../src/write/delete-many.ts";
import { insertMany } from "../../src/write/insert-many.ts";
import { updateMany } from "../../src/write/update-many.ts";
import { upsertMany } from "../../src/write/upsert-many.ts";

const isFull = process.env["UPSHIFT_TEST_SCALE"] === "full";
const MAJORS: readonly PostgresMajor[] = isFull ? [14, 15, 16, 17, 18] : [14, 18];

/** Values in an order that no index and no hash table has. */
const COUNT = 1_000;
const values = Array.from({ length: COUNT }, (_, index) => (index * 7_919 + 13) % 100_003);

for (const major of MAJORS) {
  const skips = await componentSkips(`batch writes on PostgreSQL ${major}`, () =>
    bringPostgresMajor(major),
  );
  describe.skipIf(skips.isMissing)(`PostgreSQL ${major}`, () => {
    let server: PostgresServer;
    let pool: Pool;
    beforeAll(async () => {
      server = await startPostgres({ major });
      pool = new Pool({ connectionString: server.url(), max: 2 });
    }, 120_000);
    afterAll(async () => {
      await pool.end();
      await server.stop();
    });
    beforeEach(async () => {
      await pool.query("DROP SCHEMA public CASCADE; CREATE SCHEMA public");
    });

    /** Each row that came back is the table's row, and that of its input. */
    async function expectInOrder(
      rows: readonly (Record<string, unknown> | null)[],
      inputs: readonly unknown[],
    ): Promise<void> {
      expect(rows.map((row) => row?.["v"])).toEqual(inputs);
      const { rows: stored } = await pool.query("SELECT id, v FROM t");
      const vOf = new Map(stored.map(({ id, v }) => [id, v]));
      expect(rows.map((row) => vOf.get(row?.["id"]))).toEqual(inputs);
    }

    test("plain table: rows[i] is the row of input i, and identities follow the input", async () => {
      await pool.query("CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, v int)");
      const { rows } = await insertMany(
        pool,
        "t",
        values.map((v) => ({ v })),
        {
          returning: ["id", "v"],
          chunk: 300,
        },
      );
      await expectInOrder(rows, values);
      expect(rows.map((row) => row?.["id"])).toEqual(values.map((_, index) => index + 1));
    });

    test("rows with different columns come back where they came from", async () => {
      await pool.query("CREATE TABLE t (id serial PRIMARY KEY, v int, w int DEFAULT 5)");
      const inputs = values.map((v, index) => (index % 3 === 0 ? { v, w: null } : { v }));
      const { rows } = await insertMany(pool, "t", inputs, { returning: "*", chunk: 77 });
      await expectInOrder(rows, values);
      expect(rows.map((row) => row?.["w"])).toEqual(
        values.map((_, index) => (index % 3 === 0 ? null : 5)),
      );
    });

    test("partitions and triggers that change keys, change values and drop rows", async () => {
      await pool.query(`
        CREATE TABLE t (id int, v int, bucket int) PARTITION BY LIST (bucket);
        CREATE TABLE t0 PARTITION OF t FOR VALUES IN (0);
        CREATE TABLE t1 PARTITION OF t FOR VALUES IN (1);
        CREATE TABLE t2 PARTITION OF t DEFAULT;
        CREATE SEQUENCE s;
        CREATE FUNCTION change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF NEW.v % 10 = 3 THEN RETURN NULL; END IF;
          NEW.id := 1000000 - nextval('s');
          NEW.v := -NEW.v;
          RETURN NEW;
        END $$;
        CREATE TRIGGER change BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION change();
      `);
      const { rows, rowCount } = await insertMany(
        pool,
        "t",
        values.map((v, id) => ({ id, v, bucket: v % 3 })),
        { returning: ["id", "v"] },
      );
      const expected = values.map((v) => (v % 10 === 3 ? undefined : -v));
      await expectInOrder(rows, expected);
      expect(rowCount).toBe(expected.filter((v) => v !== undefined).length);
    });

    test("ON CONFLICT DO NOTHING: a row that was there leaves null, whichever it is", async () => {
      await pool.query("CREATE TABLE t (id serial PRIMARY KEY, v int UNIQUE)");
      const free = 617;
      await insertMany(
        pool,
        "t",
        values.filter((_, index) => index !== free).map((v) => ({ v })),
      );
      for (const newOnes of [[free], [0, 1, 998], []]) {
        await pool.query("DELETE FROM t WHERE v = ANY ($1)", [newOnes.map((at) => values[at])]);
        const { rows, rowCount } = await insertMany(
          pool,
          "t",
          values.map((v) => ({ v })),
          {
            onConflict: "nothing",
            returning: ["id", "v"],
          },
        );
        await expectInOrder(
          rows,
          values.map((v, at) => (newOnes.includes(at) ? v : undefined)),
        );
        expect(rowCount).toBe(newOnes.length);
      }
      const twice = [{ v: -1 }, { v: -2 }, { v: -1 }];
      const { rows } = await insertMany(pool, "t", twice, {
        onConflict: "nothing",
        returning: ["v"],
      });
      expect(rows).toEqual([{ v: -1 }, { v: -2 }, null]);
    });

    test.each([
      ["UNNEST", Number.POSITIVE_INFINITY],
      ["COPY", 1],
    ])("upsert by %s: inserted, updated, unchanged and duplicate rows", async (_, copyFrom) => {
      await pool.query("CREATE TABLE t (id serial PRIMARY KEY, k text UNIQUE, v int)");
      await insertMany(
        pool,
        "t",
        values.slice(0, 600).map((v, index) => ({ k: `k${v}`, v: index % 2 === 0 ? v : 0 })),
      );
      const before = await pool.query("SELECT k, xmin::text FROM t");
      const xminOf = new Map(before.rows.map(({ k, xmin }) => [k, xmin]));
      const inputs = [...values, ...values.slice(100, 150)].map((v) => ({ k: `k${v}`, v }));
      const { rows, ...counts } = await upsertMany(pool, "t", inputs, {
        conflict: ["k"],
        skipUnchanged: true,
        returning: ["id", "v"],
        copyFrom,
      });
      await expectInOrder(
        rows,
        inputs.map(({ v }) => v),
      );
      // Of the 600 that were there, every other one is unchanged; 0 is among the changed ones' old values only.
      expect(counts).toEqual({ rowCount: COUNT - 300, duplicateCount: 50, unchangedCount: 300 });
      const after = await pool.query("SELECT k, xmin::text FROM t");
      const kept = after.rows
        .filter(({ k, xmin }) => xminOf.get(k) === xmin)
        .map(({ k }) => String(k));
      expect(kept.toSorted()).toEqual(
        values
          .slice(0, 600)
          .flatMap((v, index) => (index % 2 === 0 ? [`k${v}`] : []))
          .toSorted(),
      );
    });

    test("update and delete: the row of each key, and what a key that comes again finds", async () => {
      await pool.query("CREATE TABLE t (id int PRIMARY KEY, v int, n int DEFAULT 0)");
      await insertMany(
        pool,
        "t",
        values.map((v, id) => ({ id, v })),
      );
      const updates = [
        { id: 5, v: -5 },
        { id: 999_999, v: 0 },
        { id: 3, n: 1 },
        { id: 5, n: 2 },
        { id: 5, v: -6 },
        { id: 7 },
      ];
      const { rows, rowCount } = await updateMany(pool, "t", updates, { returning: "*" });
      expect(rows).toEqual([
        { id: 5, v: -5, n: 0 },
        null,
        { id: 3, v: values[3], n: 1 },
        { id: 5, v: -5, n: 2 },
        { id: 5, v: -6, n: 2 },
        { id: 7, v: values[7], n: 0 },
      ]);
      expect(rowCount).toBe(4);
      const deleted = await deleteMany(pool, "t", [{ id: 5 }, 3, 5, -1], {
        returning: ["id", "n"],
      });
      expect(deleted).toEqual({
        rowCount: 2,
        rows: [{ id: 5, n: 2 }, { id: 3, n: 1 }, null, null],
      });
    });

    test("every type of value that travels in a way of its own: domains, arrays, composites", async () => {
      await pool.query(`
        CREATE DOMAIN positive AS int CHECK (VALUE > 0);
        CREATE DOMAIN tags AS text[];
        CREATE TYPE pair AS (n int, t text);
        CREATE DOMAIN strict_pair AS pair;
        CREATE TABLE t (id int PRIMARY KEY, v positive, a int[], b tags, c pair, d strict_pair, e pair[], f json);
      `);
      const row = {
        v: 2,
        a: [
          [1, 2],
          [3, 4],
        ],
        b: ["x", "y"],
        c: "(1,x)",
        d: "(2,y)",
        e: ["(3,z)"],
        f: [1],
      };
      await insertMany(pool, "t", [{ id: 1, ...row }]);
      await copyMany(pool, "t", [{ id: 2, ...row }]);
      await upsertMany(pool, "t", [{ id: 3, ...row }], { conflict: ["id"], copyFrom: 1 });
      const { rows } = await pool.query(
        "SELECT v, a::text, b::text, c::text, d::text, e::text, f::text FROM t",
      );
      const expected = {
        v: 2,
        a: "{{1,2},{3,4}}",
        b: "{x,y}",
        c: "(1,x)",
        d: "(2,y)",
        e: '{"(3,z)"}',
        f: "[1]",
      };
      expect(rows).toEqual([expected, expected, expected]);
    });

    test("a bad row is found by index and column", async () => {
      await pool.query("CREATE TABLE t (id int PRIMARY KEY, v numeric(4, 1) CHECK (v <> 13))");
      const inputs = values.map((_, id): Record<string, unknown> => ({ id, v: id % 10 }));
      for (const [bad, column, sqlState] of [
        [{ id: 400, v: "x" }, "v", "22P02"],
        [{ id: 400, v: 12345 }, "v", "22003"],
        [{ id: 400, v: 13 }, "v", "23514"],
        [{ id: 20, v: 1 }, "id", "23505"],
        [{ id: null, v: 1 }, "id", "23502"],
      ] as const) {
        for (const write of [insertMany, copyMany])
          await expect(write(pool, "t", inputs.with(400, bad))).rejects.toMatchObject({
            code: "UPSHIFT_BAD_ROW",
            index: 400,
            column,
            sqlState,
          });
      }
      expect((await pool.query("SELECT count(*)::int AS n FROM t")).rows).toEqual([{ n: 0 }]);
    });
  });
}

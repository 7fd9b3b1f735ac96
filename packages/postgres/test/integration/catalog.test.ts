import { createTestDatabase, type TestDatabase } from "@upshift/services";
import { Client, Pool } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { catalogOf, shareCatalog } from "../../src/catalog/catalog.ts";

let database: TestDatabase;
let pool: Pool;
beforeAll(async () => {
  database = await createTestDatabase();
  pool = new Pool({ connectionString: database.url, max: 2 });
  await database.query(`
    CREATE SCHEMA "Odd.Schema";
    CREATE TYPE "Odd.Schema"."mood""s" AS ENUM ('glad', 'sad');
    CREATE DOMAIN positive AS int CHECK (VALUE > 0) NOT NULL;
    CREATE DOMAIN tags AS text[];
    CREATE TABLE "Odd.Schema"."T; DROP TABLE x" (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      code varchar(10) UNIQUE,
      mood "Odd.Schema"."mood""s",
      amount positive,
      labels tags,
      matrix int[][] DEFAULT '{}',
      twice int GENERATED ALWAYS AS (amount * 2) STORED,
      UNIQUE (mood, amount),
      UNIQUE NULLS NOT DISTINCT (mood, code)
    );
    CREATE TABLE child (parent bigint REFERENCES "Odd.Schema"."T; DROP TABLE x", at timestamptz NOT NULL DEFAULT now());
    CREATE UNIQUE INDEX ON child (at) WHERE parent IS NOT NULL;
    CREATE UNIQUE INDEX ON child ((parent::text || 'x'));
  `);
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

describe("facts of a table", () => {
  test("name, columns, types and keys are what the catalog says", async () => {
    const facts = await catalogOf(pool).table({ schema: "Odd.Schema", name: "T; DROP TABLE x" });
    expect(facts.sqlName).toBe('"Odd.Schema"."T; DROP TABLE x"');
    expect(facts.primaryKey).toEqual(["id"]);
    expect(facts.uniqueKeys).toMatchObject([
      { columns: ["id"], isNullProof: true },
      { columns: ["code"], isNullProof: false },
      { columns: ["mood", "amount"], isNullProof: false },
      { columns: ["mood", "code"], isNullProof: true },
    ]);
    const column = (name: string) => facts.columns.get(name);
    expect(column("id")).toMatchObject({ identity: "always", isNotNull: true, isGenerated: false });
    expect(column("code")?.type).toMatchObject({
      sqlName: '"pg_catalog"."varchar"',
      arraySqlName: '"pg_catalog"."_varchar"',
      displayName: "character varying(10)",
      kind: "base",
    });
    expect(column("mood")?.type).toMatchObject({ sqlName: '"Odd.Schema"."mood""s"', kind: "enum" });
    expect(column("amount")).toMatchObject({
      isNotNull: true,
      type: {
        kind: "domain",
        baseName: "int4",
        baseSqlName: '"pg_catalog"."int4"',
        isBaseArray: false,
      },
    });
    expect(column("labels")?.type).toMatchObject({
      kind: "domain",
      isArray: false,
      isBaseArray: true,
    });
    expect(column("matrix")).toMatchObject({
      hasDefault: true,
      type: { isArray: true, isBaseArray: true },
    });
    expect(column("code")?.lengthCast).toEqual({
      sqlName: '"pg_catalog"."varchar"',
      modifier: 14,
      takesIsExplicit: true,
    });
    expect(column("code")?.collation).toEqual({
      sqlName: '"pg_catalog"."default"',
      isDeterministic: true,
    });
    expect(column("labels")?.type.element).toEqual({ baseName: "text", delimiter: "," });
    expect(column("twice")).toMatchObject({ isGenerated: true });
  });

  test("foreign keys name both sides; partial and expression keys are no unique keys", async () => {
    const facts = await catalogOf(pool).table("child");
    expect(facts.foreignKeys).toEqual([
      {
        columns: ["parent"],
        referencedSchema: "Odd.Schema",
        referencedTable: "T; DROP TABLE x",
        referencedColumns: ["id"],
        isProven: true,
      },
    ]);
    expect(facts.uniqueKeys).toEqual([]);
  });

  test("what weakens keys is told: inheritance, row security, constraints that wait or were never checked", async () => {
    await database.query(`
      CREATE TABLE parent (id int PRIMARY KEY);
      CREATE TABLE heir () INHERITS (parent);
      CREATE TABLE parted (id int PRIMARY KEY) PARTITION BY RANGE (id);
      CREATE TABLE part PARTITION OF parted DEFAULT;
      CREATE TABLE weak (a int REFERENCES parent DEFERRABLE, b int, c int REFERENCES parent NOT ENFORCED, d int REFERENCES parent);
      ALTER TABLE weak ADD FOREIGN KEY (b) REFERENCES parent NOT VALID;
      ALTER TABLE weak ENABLE ROW LEVEL SECURITY;
    `);
    const catalog = catalogOf(pool);
    const [parent, parted, weak] = await Promise.all(
      ["parent", "parted", "weak"].map((name) => catalog.table(name)),
    );
    expect(parent).toMatchObject({ hasInheritors: true, hasRowSecurity: false });
    expect(parted).toMatchObject({ hasInheritors: false, uniqueKeys: [{ columns: ["id"] }] });
    expect(weak).toMatchObject({ hasInheritors: false, hasRowSecurity: true });
    const proven = weak?.foreignKeys.map(({ columns, isProven }) => [columns[0], isProven]);
    expect(Object.fromEntries(proven ?? [])).toEqual({ a: false, b: false, c: false, d: true });
  });

  test("a table is read once, and again when a new column is asked for", async () => {
    const client = new Client({ connectionString: database.url });
    await client.connect();
    let statements = 0;
    const query = client.query.bind(client);
    const counted = {
      query: (text: string, values?: unknown[]) => ((statements += 1), query(text, values)),
    };
    const catalog = catalogOf(counted);
    await Promise.all([catalog.table("child"), catalog.table("child")]);
    expect(catalogOf(counted)).toBe(catalog);
    await catalog.columns("child", ["at"]);
    expect(statements).toBe(1);
    await client.query("ALTER TABLE child ADD COLUMN note text");
    expect(await catalog.columns("child", ["note"])).toMatchObject([{ name: "note" }]);
    expect(statements).toBe(2);
    await client.end();
  });

  test("transactions share what is known, and read what is not over their own connections: none waits for the pool", async () => {
    const small = new Pool({
      connectionString: database.url,
      max: 2,
      connectionTimeoutMillis: 5_000,
    });
    const held = await Promise.all([small.connect(), small.connect()]);
    for (const client of held) shareCatalog(client, catalogOf(small));
    const facts = await Promise.all(held.map((client) => catalogOf(client).table("child")));
    expect(facts[0]).toBe(facts[1]);
    for (const client of held) client.release();
    expect(await catalogOf(small).table("child")).toBe(facts[0]);
    await small.end();
  });

  test("a read that fails with its connection fails for no other connection", async () => {
    const failing = { query: () => Promise.reject(new Error("lost")) };
    const shared = { query: pool.query.bind(pool) };
    shareCatalog(shared, catalogOf(failing));
    const [lost, found] = await Promise.allSettled([
      catalogOf(failing).table("child"),
      catalogOf(shared).table("child"),
    ]);
    expect(lost).toMatchObject({ status: "rejected", reason: { message: "lost" } });
    expect(found).toMatchObject({ status: "fulfilled", value: { name: "child" } });
    expect(await catalogOf(failing).table("child")).toMatchObject({ name: "child" });
  });

  test.each(["nothing", "Child", "child; DROP TABLE child", "public.x", 'child"'])(
    "%j is an unknown table, not SQL",
    async (name) => {
      await expect(catalogOf(pool).table(name)).rejects.toMatchObject({
        code: "UPSHIFT_UNKNOWN_TABLE",
      });
    },
  );

  test("an unknown column is told with the columns that are there", async () => {
    await expect(catalogOf(pool).columns("child", ["at", 'x"; --'])).rejects.toMatchObject({
      code: "UPSHIFT_UNKNOWN_COLUMN",
      message: expect.stringContaining("parent, at"),
    });
  });
});

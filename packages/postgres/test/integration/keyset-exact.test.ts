import { createTestDatabase, type TestDatabase } from "@upshift/services";
import { Client } from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { cursors, keyset, keysetRows, type KeysetSpec, sql } from "../../src/index.ts";
import { TEST_SECRET } from "./keyset/walk-random-table.ts";

// What loses rows where it is done in the usual way. Each walk goes page by page, in both directions.

let database: TestDatabase;
let client: Client;
beforeAll(async () => {
  database = await createTestDatabase();
  client = new Client({ connectionString: database.url });
  await client.connect();
});
afterEach(async () => {
  await client.query(
    "RESET ALL; DROP SCHEMA IF EXISTS one CASCADE; CREATE SCHEMA one; SET search_path = one, public",
  );
});
afterAll(async () => {
  await client.end();
  await database.drop();
});

interface WalkOptions {
  readonly pageSize?: number;
  readonly where?: ReturnType<typeof sql>;
  readonly betweenPages?: () => Promise<unknown>;
}

async function walk(
  spec: KeysetSpec,
  { pageSize = 2, where, betweenPages = async () => undefined }: WalkOptions = {},
): Promise<{ readonly forward: readonly unknown[]; readonly backward: readonly unknown[] }> {
  const list = keyset<{ readonly id: unknown }>(client, {
    ...spec,
    cursors: cursors({ secret: TEST_SECRET }),
    pageSize,
  });
  const collect = async (isForward: boolean): Promise<unknown[]> => {
    const ids: unknown[] = [];
    let cursor: string | undefined;
    do {
      const by = isForward
        ? { first: pageSize, after: cursor }
        : { last: pageSize, before: cursor };
      const page = await list({ ...by, where });
      const found = page.rows.map(({ id }) => id);
      if (isForward) ids.push(...found);
      else ids.unshift(...found);
      cursor = isForward ? page.next : page.prev;
      await betweenPages();
      if (ids.length > 10_000) throw new Error("the walk does not end");
    } while (cursor !== undefined);
    return ids;
  };
  return { forward: await collect(true), backward: await collect(false) };
}

const thereAndBack = () =>
  client.query("ALTER TABLE t ALTER id TYPE bigint; ALTER TABLE t ALTER id TYPE int");

const make = (columns: string) =>
  client.query(`
    CREATE TABLE t (id int, a int NOT NULL, b int, c int NOT NULL, ${columns});
    INSERT INTO t (id, a, b, c) SELECT g, g % 2, nullif(g % 3, 0), g FROM generate_series(1, 9) g`);

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index + 1);
const both = (ids: readonly unknown[]) => ({ forward: ids, backward: ids });

describe("values", () => {
  test("5,000 timestamps one microsecond apart: every row once, though a JavaScript Date tells no two neighbours apart", async () => {
    await client.query(`
      CREATE TABLE events (id int PRIMARY KEY, at timestamptz NOT NULL);
      INSERT INTO events SELECT g, '2026-03-29 00:59:59.9975+00'::timestamptz + g * interval '1 us' FROM generate_series(1, 5000) g`);
    const zones = ["Europe/Berlin", "America/St_Johns", "Asia/Kolkata"];
    let pages = 0;
    const betweenPages = () =>
      client.query(`SET TimeZone = '${zones[(pages += 1) % 3]}'; SET DateStyle = 'SQL, DMY'`);
    const up = await walk(
      { from: "events", order: ["at"], isUnique: true },
      { pageSize: 100, betweenPages },
    );
    expect(up).toEqual(both(numbers(5000)));
    const down = await walk(
      { from: "events", order: [["at", "desc"]] },
      { pageSize: 100, betweenPages },
    );
    expect(down).toEqual(both(numbers(5000).toReversed()));
  });

  test("numbers beyond 2^53 and floats that only their 17th digit tells apart", async () => {
    await client.query(`
      CREATE TABLE big (id int PRIMARY KEY, n bigint NOT NULL, f float8 NOT NULL);
      INSERT INTO big SELECT g, 9007199254740992 + g, 0.1::float8 + g * 1.3877787807814457e-17 FROM generate_series(1, 50) g`);
    const betweenPages = () => client.query("SET extra_float_digits = -15");
    expect(await walk({ from: "big", order: ["n"], isUnique: true })).toEqual(both(numbers(50)));
    const { rows } = await client.query("SELECT id FROM big ORDER BY f, id");
    const floats = await walk({ from: "big", order: ["f"] }, { betweenPages });
    expect(floats).toEqual(both(rows.map(({ id }: { id: number }) => id)));
  });

  test.each(["money", "float8[]", "timestamptz[]", "interval[]", "tstzmultirange", "timed"])(
    "a key of %s, whose text depends on the session, is refused",
    async (type) => {
      await client.query(`
        CREATE TYPE timed AS (at timestamptz, n int);
        CREATE TABLE odd (id int PRIMARY KEY, v ${type})`);
      await expect(walk({ from: "odd", order: ["v"] })).rejects.toMatchObject({
        code: "UPSHIFT_INVALID_ARGUMENT",
        message: expect.stringContaining("text is the same in every session"),
      });
    },
  );

  test("a key without an order is refused", async () => {
    await client.query("CREATE TABLE odd (id int PRIMARY KEY, v json, p point)");
    await expect(walk({ from: "odd", order: ["p"] })).rejects.toMatchObject({
      code: "UPSHIFT_INVALID_ARGUMENT",
    });
    await expect(walk({ from: "odd", order: ["v"] })).rejects.toMatchObject({ code: "42883" });
    await expect(walk({ from: "odd", order: [sql`json_typeof(v)`] })).resolves.toEqual(both([]));
  });
});

describe("collations and operators", () => {
  test("the collation of the column decides, or the one that is asked for", async () => {
    await client.query(`
      CREATE TABLE words (id int PRIMARY KEY, w text COLLATE "de-x-icu" NOT NULL);
      INSERT INTO words VALUES (1, 'Zebra'), (2, 'äpfel'), (3, 'apfel'), (4, 'Äpfel'), (5, 'zebra'), (6, 'Apfel')`);
    // German: a before ä, small before capital. Bytes: capitals, small letters, then the rest.
    expect(await walk({ from: "words", order: ["w"] })).toEqual(both([3, 6, 2, 4, 5, 1]));
    const bytes = await walk({ from: "words", order: [["w", "asc", { collation: "C" }]] });
    expect(bytes).toEqual(both([6, 1, 3, 5, 4, 2]));
  });

  test("a unique text is not unique in an order that takes its values for equal", async () => {
    await client.query(`
      CREATE COLLATION caseless (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
      CREATE TABLE names (id text COLLATE "C" PRIMARY KEY);
      INSERT INTO names VALUES ('a'), ('A'), ('b'), ('B'), ('á')`);
    const order = [["id", "asc", { collation: { schema: "one", name: "caseless" } }]] as const;
    expect(await walk({ from: "names", order }, { pageSize: 1 })).toEqual(
      both(["A", "a", "á", "B", "b"]),
    );
    await client.query(
      `CREATE TABLE folded (id text COLLATE caseless PRIMARY KEY); INSERT INTO folded VALUES ('a'), ('B'), ('c')`,
    );
    expect(await walk({ from: "folded", order: [["id", "desc"]] })).toEqual(both(["c", "B", "a"]));
  });

  test("operators are those of the order also where the search path does not show them", async () => {
    await client.query(`
      CREATE EXTENSION citext SCHEMA public;
      CREATE TABLE names (id int PRIMARY KEY, n citext NOT NULL);
      INSERT INTO names VALUES (1, 'a'), (2, 'B'), (3, 'C'), (4, 'c'), (5, 'b')`);
    // Without the extension's schema \`n < 'b'\` compares as text: bytes, in which B comes before a.
    await client.query("SET search_path = one");
    expect(await walk({ from: "names", order: ["n"] }, { pageSize: 1 })).toEqual(
      both([1, 2, 5, 3, 4]),
    );
    await client.query("DROP EXTENSION citext CASCADE");
  });
});

describe("NULLs that nobody expects", () => {
  const order = ["v"] as const;
  const walkNulls = (from: KeysetSpec["from"], more: Partial<KeysetSpec> = {}) =>
    walk({ from, order, ...more });
  const all = both([1, 2, 3, 4]);

  test("in a column whose NOT NULL was never validated", async () => {
    await client.query(`
      CREATE TABLE t (id int PRIMARY KEY, v int);
      INSERT INTO t VALUES (1, 1), (2, 2), (3, NULL), (4, NULL);
      ALTER TABLE t ADD CONSTRAINT v_not_null NOT NULL v NOT VALID`);
    expect(await walkNulls("t")).toEqual(all);
  });

  test("in a domain that is NOT NULL", async () => {
    await client.query(`
      CREATE DOMAIN filled AS int NOT NULL;
      CREATE TABLE t (id int PRIMARY KEY, v filled);
      INSERT INTO t VALUES (1, 1), (2, 2);
      INSERT INTO t SELECT g, (SELECT v FROM t WHERE false) FROM generate_series(3, 4) g`);
    expect(await walkNulls("t")).toEqual(all);
  });

  test("in the children of a parent that has none, which also repeat its primary key", async () => {
    await client.query(`
      CREATE TABLE t (id int PRIMARY KEY, v int CONSTRAINT v_filled NOT NULL NO INHERIT);
      CREATE TABLE child () INHERITS (t);
      INSERT INTO t VALUES (1, 1), (2, 2);
      INSERT INTO child VALUES (3, NULL), (4, NULL)`);
    await expect(walk({ from: "t", order })).rejects.toThrow(/a primary key or another unique key/);
    expect(await walkNulls("t", { primaryKey: ["id"] })).toEqual(all);
  });

  test("in a view, an outer join, a subquery", async () => {
    await client.query(`
      CREATE TABLE a (id int PRIMARY KEY);
      CREATE TABLE b (id int PRIMARY KEY, v int NOT NULL);
      INSERT INTO a SELECT generate_series(1, 4);
      INSERT INTO b VALUES (1, 1), (2, 2);
      CREATE VIEW t AS SELECT a.id, b.v FROM a LEFT JOIN b USING (id)`);
    expect(await walkNulls("t", { primaryKey: ["id"] })).toEqual(all);
    const join = sql`a LEFT JOIN b ON b.id = a.id AND b.v < ${100} -- join`;
    const list = keysetRows<{ readonly id: number }>(
      client,
      { from: join, order: [sql`b.v`], primaryKey: [sql`a.id`], select: sql`a.*, ${"x"} AS v` },
      { pageSize: 1 },
    );
    const ids: number[] = [];
    for await (const { id } of list) ids.push(id);
    expect(ids).toEqual([1, 2, 3, 4]);
    expect(
      await walkNulls(sql`(SELECT id, max(v) AS v FROM t GROUP BY id LIMIT ${50}) AS grouped`, {
        primaryKey: ["id"],
      }),
    ).toEqual(all);
  });

  test("where a key was promised to have none, the list fails instead of losing them", async () => {
    await client.query(`
      CREATE TABLE t (id int PRIMARY KEY, v int);
      INSERT INTO t VALUES (1, 1), (2, 2), (3, NULL), (4, NULL)`);
    const promised = { sql: sql`v`, nullable: false };
    await expect(walk({ from: "t", order: [[promised, "desc"]] })).rejects.toMatchObject({
      code: "UPSHIFT_NULL_KEY",
    });
  });
});

describe("what makes an order unique", () => {
  // Odd ids have a = 1; ties go by the key that was appended.
  const byA = [2, 4, 6, 8, 1, 3, 5, 7, 9];

  test("the primary key, appended in the direction of the last key", async () => {
    await make("PRIMARY KEY (c)");
    expect(await walk({ from: "t", order: ["a"] })).toEqual(both(byA));
    const down = await walk({ from: "t", order: [["a", "desc"]] });
    expect(down).toEqual(both(byA.toReversed()));
  });

  test("another unique key that has no NULLs, or takes them for equal", async () => {
    await make("UNIQUE (b, id), UNIQUE NULLS NOT DISTINCT (id)");
    expect(await walk({ from: "t", order: ["a"] })).toEqual(both(byA));
  });

  test.each([
    ["none", "UNIQUE (id)"],
    ["a deferrable one", "UNIQUE (c) DEFERRABLE"],
    ["one over an expression", "EXCLUDE USING btree ((c + 1) WITH =)"],
  ])("%s does not", async (_, columns) => {
    await make(columns);
    await expect(walk({ from: "t", order: ["a"] })).rejects.toThrow(/`primaryKey` with keys/);
    expect(await walk({ from: "t", order: ["a"], primaryKey: ["c"] })).toEqual(both(byA));
  });

  test("nothing is appended where the order has a unique key", async () => {
    await make("PRIMARY KEY (c), UNIQUE (a, c)");
    const list = keyset(client, {
      from: "t",
      order: [["c", "desc"], "a"],
      cursors: cursors({ secret: TEST_SECRET }),
    });
    const { text } = await list.explain();
    expect(text).toMatch(/ORDER BY "t"."c" DESC, "t"."a" ASC\nLIMIT/);
  });

  test("a table that is made anew between two lists is read anew", async () => {
    await make("PRIMARY KEY (c)");
    await walk({ from: "t", order: ["a"] });
    await client.query("DROP TABLE t");
    await make("PRIMARY KEY (c)");
    expect(await walk({ from: "t", order: ["a"] })).toEqual(both(byA));
  });

  test("a list survives a change of its columns under its prepared statements", async () => {
    await make("PRIMARY KEY (c)");
    expect(await walk({ from: "t", order: ["a"] }, { betweenPages: thereAndBack })).toEqual(
      both(byA),
    );
    const types = ["text", "int USING id::int"];
    let changes = 0;
    const toggle = () => client.query(`ALTER TABLE t ALTER id TYPE ${types[changes++ % 2]}`);
    const { forward } = await walk({ from: "t", order: ["a"] }, { betweenPages: toggle });
    expect(forward.map(Number)).toEqual(byA);
  });
});

import { AsyncLocalStorage } from "node:async_hooks";
import { createTestDatabase, type TestDatabase } from "@upshift/services";
import { Client, Pool, type PoolConfig, Query as Submittable, type QueryResult } from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { coalesce, type Coalesced } from "../../src/load/coalesce/coalesce.ts";
import { createPool } from "../../src/pool/create-pool.ts";
import { callQuery, errorFacts } from "../coalesce/outcomes.ts";
import {
  type AnyQuery,
  keepingPool,
  poolWith,
  recordingPool,
  settingPool,
} from "../coalesce/pools.ts";
import { usedBytes } from "../used-bytes.ts";

const BATCH = /upshift:coalesce \*\/ k\.place/;
const CATALOG = /pg_catalog\.pg_class/;

let database: TestDatabase;
let pool: Pool;
let sent: string[];
let db: Pool & Coalesced;

beforeAll(async () => {
  database = await createTestDatabase();
  await database.query(`
    CREATE EXTENSION citext;
    CREATE TABLE users (id int PRIMARY KEY, email citext UNIQUE, name text, team int, at timestamptz DEFAULT '2026-01-02 03:04:05.678Z', tags jsonb DEFAULT '{"a":[1]}');
    INSERT INTO users SELECT g, 'User' || g || '@x.org', 'name ' || g, g % 7 FROM generate_series(1, 1000) g;
    CREATE INDEX ON users (team);
    CREATE TABLE "odd ""t" ("k; DROP TABLE users" text, "__proto__" int, "1" int, "Ünï" text);
    INSERT INTO "odd ""t" VALUES ('a', 1, 2, 'ö'), ('a', 3, 4, 'ü'), ('b"\\{},NULL', 5, 6, 'x');
    CREATE TABLE memberships (tenant int, member uuid, role char(8), PRIMARY KEY (tenant, member));
    INSERT INTO memberships SELECT t, ('00000000-0000-0000-0000-0000000000' || lpad(to_hex(m), 2, '0'))::uuid, 'r' || t || m
      FROM generate_series(1, 3) t, generate_series(1, 30) m;
    CREATE SEQUENCE looked;
    CREATE VIEW watched AS SELECT id, nextval('looked') AS n FROM users;
    CREATE FUNCTION shout(users) RETURNS text LANGUAGE sql AS $$ SELECT upper($1.name) $$;
    CREATE TABLE secrets (id int PRIMARY KEY, tenant text, body text);
    INSERT INTO secrets SELECT g, CASE WHEN g % 2 = 0 THEN 'even' ELSE 'odd' END, 'secret ' || g FROM generate_series(1, 20) g;
    ALTER TABLE secrets ENABLE ROW LEVEL SECURITY;
    CREATE POLICY own ON secrets USING (tenant = current_setting('app.tenant', true));
    CREATE ROLE coalesce_reader LOGIN PASSWORD 'x';
    GRANT SELECT ON ALL TABLES IN SCHEMA public TO coalesce_reader;
  `);
});
beforeEach(() => {
  sent = [];
  pool = recordingPool({ connectionString: database.url, max: 4 }, sent);
  pool.on("error", () => undefined);
  db = coalesce(pool);
});
afterEach(async () => {
  const { totalCount, idleCount, waitingCount } = pool;
  await pool.end();
  if (totalCount !== idleCount || waitingCount !== 0)
    throw new Error("a connection was not released");
});
afterAll(async () => {
  await database.query("DROP OWNED BY coalesce_reader; DROP ROLE coalesce_reader");
  await database.drop();
});

const USER = "SELECT id, name FROM users WHERE id = $1";

/** Each query through the coalescing pool, all in one tick, beside each alone through the pool itself. */
async function expectSame(calls: readonly (readonly unknown[])[]): Promise<void> {
  const together = await Promise.allSettled(calls.map((args) => callQuery(db, args)));
  const alone: PromiseSettledResult<unknown>[] = [];
  for (const args of calls) alone.push(...(await Promise.allSettled([callQuery(pool, args)])));
  expect(together).toStrictEqual(alone);
  expect(together.map(errorFacts)).toEqual(alone.map(errorFacts));
}

async function author(id: number): Promise<string> {
  await Promise.resolve();
  const { rows } = await db.query(USER, [id]);
  await Promise.resolve();
  const again = await db.query("SELECT team FROM users WHERE id = $1", [rows[0].id]);
  return `${rows[0].name} ${again.rows[0].team}`;
}

describe("point queries of one tick", () => {
  test("are one statement, and 151 for 15,100 of them", async () => {
    const keys = Array.from({ length: 100 }, (_, index) => index + 1);
    for (let round = 0; round < 151; round += 1) {
      const results = await Promise.all(keys.map((id) => db.query(USER, [id])));
      expect(results.map(({ rows }) => rows[0].id)).toEqual(keys);
    }
    expect(sent.filter((text) => BATCH.test(text))).toHaveLength(151);
    expect(sent.filter((text) => CATALOG.test(text))).toHaveLength(1);
    expect(sent).toHaveLength(152);
    expect(db.stats()).toEqual({
      queries: 15_100,
      statements: 152,
      coalesced: 15_100,
      batches: 151,
      alone: 0,
      refused: {},
      rerun: 0,
      catalogReads: 1,
    });
  });

  test("that their callers ask one after the other, each in its own chain of promises, still meet", async () => {
    const names = await Promise.all([1, 2, 3].map(author));
    expect(names).toEqual(["name 1 1", "name 2 2", "name 3 3"]);
    expect(sent.filter((text) => BATCH.test(text))).toHaveLength(2);
  });

  test("are at most 500 to a statement", async () => {
    await Promise.all(Array.from({ length: 1_001 }, (_, id) => db.query(USER, [id])));
    expect(db.stats()).toMatchObject({ batches: 2, coalesced: 1_000, alone: 1 });
  });

  test("of different texts, names and row modes are kept apart; all results are the driver's own", async () => {
    await expectSame([
      [USER, [1]],
      [USER, [2]],
      [USER, [1]],
      [{ text: USER, values: [3] }],
      [{ text: USER, rowMode: "array" }, [4]],
      [{ text: USER, values: [5], rowMode: "array" }],
      [{ text: USER, values: [6], name: "user" }],
      [{ text: USER, values: [7], name: "user" }],
      ["SELECT * FROM users AS u WHERE u.id = $1 LIMIT 1", [8]],
      ["SELECT * FROM users AS u WHERE u.id = $1 LIMIT 1", [-8]],
      ["SELECT tags, tags, id AS tags FROM public.users WHERE id = $1", [9]],
      ["SELECT tags, tags, id AS tags FROM public.users WHERE id = $1", [10]],
    ]);
    expect(db.stats()).toMatchObject({ batches: 5, coalesced: 12, rerun: 0, refused: {} });
  });

  test("give each caller objects of its own", async () => {
    const text = "SELECT * FROM users WHERE id = $1";
    const [first, second] = await Promise.all([db.query(text, [1]), db.query(text, [1])]);
    expect(db.stats().batches).toBe(1);
    expect(second).toStrictEqual(first);
    expect(second.rows[0]).not.toBe(first.rows[0]);
    expect(second.rows[0].tags).not.toBe(first.rows[0].tags);
    expect(second.rows[0].at).not.toBe(first.rows[0].at);
    expect(second.fields).not.toBe(first.fields);
  });

  test("meet by a key that is not unique, with every row of it", async () => {
    const text = "SELECT id FROM users WHERE team = $1";
    const results = await Promise.all([0, 1, 99, null, 0].map((team) => db.query(text, [team])));
    expect(results.map(({ rowCount }) => rowCount)).toEqual([142, 143, 0, 0, 142]);
    const ids = results[4]?.rows.map(({ id }) => id).toSorted((a, b) => a - b);
    expect(ids).toEqual(Array.from({ length: 142 }, (_, index) => (index + 1) * 7));
    expect(db.stats().batches).toBe(1);
  });

  test("meet by composite keys as pairs, never as a product", async () => {
    const text = "SELECT role FROM memberships WHERE tenant = $1 AND member = $2 LIMIT 1";
    const members = [
      "00000000-0000-0000-0000-00000000000A",
      "00000000-0000-0000-0000-00000000000b",
    ];
    await expectSame([
      [text, [1, members[0]]],
      [text, [2, members[1]]],
      [text, [1, members[1]]],
      [text, [9, members[1]]],
      [text, [null, members[1]]],
    ]);
    expect(db.stats()).toMatchObject({ batches: 1, coalesced: 5 });
  });

  test("match as the server compares, whatever the value looks like", async () => {
    await expectSame([
      ["SELECT * FROM users WHERE email = $1", ["uSER1@X.org"]],
      ["SELECT * FROM users WHERE email = $1", ["user2@x.org"]],
      ["SELECT * FROM memberships WHERE role = $1", ["r11"]],
      ["SELECT * FROM memberships WHERE role = $1", ["r12     "]],
      [USER, ["7"]],
      [USER, [" 7 "]],
      [USER, [7n]],
      [USER, [7]],
      [USER, [undefined]],
    ]);
    expect(db.stats()).toMatchObject({ batches: 3, rerun: 0 });
  });

  test("of hostile names and values stay what they are", async () => {
    const text = 'SELECT * FROM "odd ""t" AS "x""; --" WHERE "k; DROP TABLE users" = $1';
    await expectSame([
      [text, ['b"\\{},NULL']],
      [text, ["NULL"]],
      [text, [""]],
      [text, ["'; DROP TABLE users; --"]],
      [text, ["{a}"]],
      [text, ["\\"]],
    ]);
    expect(db.stats()).toMatchObject({ batches: 1, coalesced: 6 });
    const [row] = (await Promise.all([db.query(text, ["a"]), db.query(text, ["b"])]))[0].rows;
    expect(Object.keys(row)).toContain("__proto__");
  });

  test("see what was written before they were asked", async () => {
    const client = new Client({ connectionString: database.url });
    await client.connect();
    for (let round = 1; round <= 50; round += 1) {
      const early = db.query(USER, [500]);
      await client.query("UPDATE users SET name = $1 WHERE id = 501", [`written ${round}`]);
      const late = await Promise.all([db.query(USER, [501]), db.query(USER, [502])]);
      expect(late[0].rows[0].name).toBe(`written ${round}`);
      await early;
    }
    await client.end();
  });

  test("of a pool of one connection do not pass, and are not passed by, what is asked beside them", async () => {
    const single = new Pool({ connectionString: database.url, max: 1 });
    const ordered = coalesce(single);
    await Promise.all([ordered.query(USER, [1]), ordered.query(USER, [2])]);
    for (const id of [601, 602]) {
      const before = [ordered.query(USER, [id]), ordered.query(USER, [id])];
      const write = ordered.query("UPDATE users SET name = 'after' WHERE id = $1", [id]);
      const after = [ordered.query(USER, [id]), ordered.query(USER, [id])];
      const names = (await Promise.all([...before, ...after])).map(({ rows }) => rows[0].name);
      await write;
      expect(names).toEqual([`name ${id}`, `name ${id}`, "after", "after"]);
    }
    expect(ordered.stats().batches).toBeGreaterThanOrEqual(5);
    await ordered.end();
  });
});

describe("a query that fails", () => {
  test("fails for its caller alone, with its own error", async () => {
    await expectSame([
      [USER, [1]],
      [USER, ["one"]],
      [USER, ["99999999999"]],
      [USER, [2.5]],
      [USER, ["a\0b"]],
      [USER, [2]],
    ]);
    expect(db.stats()).toMatchObject({ batches: 1, rerun: 6, coalesced: 0 });
    // The text is not to blame.
    await Promise.all([db.query(USER, [1]), db.query(USER, [2])]);
    expect(db.stats()).toMatchObject({ batches: 2, coalesced: 2 });
  });

  test("because its table or column is not there fails as it would have", async () => {
    await expectSame([
      ["SELECT a FROM nowhere WHERE a = $1", [1]],
      ["SELECT a FROM nowhere WHERE a = $1", [2]],
      ["SELECT nothing FROM users WHERE id = $1", [1]],
      ["SELECT nothing FROM users WHERE id = $1", [2]],
      ["SELECT id FROM users WHERE tags = $1::text", ["x"]],
      ["SELECT id FROM users WHERE tags = $1::text", ["y"]],
    ]);
    expect(db.stats().refused).toEqual({ "not a table": 2, column: 2 });
  });

  test("again and again, for a reason that is the batch's own, is batched no more", async () => {
    await database.query(
      "CREATE TABLE boxes (b box, n int); INSERT INTO boxes VALUES ('(1,1),(0,0)', 1)",
    );
    const text = "SELECT n FROM boxes WHERE b = $1";
    for (let round = 0; round < 5; round += 1) {
      await expectSame([
        [text, ["(1,1),(0,0)"]],
        [text, ["(3,1),(0,0)"]],
      ]);
    }
    expect(db.stats()).toMatchObject({ batches: 3, refused: { failed: 4 } });
  });

  test("leaves a batch whose backend was killed to be run again, each query by itself", async () => {
    await Promise.all([db.query(USER, [1]), db.query(USER, [2])]);
    const locker = new Client({ connectionString: database.url });
    await locker.connect();
    await locker.query("BEGIN; LOCK TABLE users IN ACCESS EXCLUSIVE MODE");
    const results = Promise.all([1, 2, 3].map((id) => db.query(USER, [id])));
    for (;;) {
      const killed = await database.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database() AND query LIKE '%k.place%'",
      );
      if (killed.length > 0) break;
    }
    await locker.query("COMMIT");
    await locker.end();
    expect((await results).map(({ rows }) => rows[0].id)).toEqual([1, 2, 3]);
    expect(db.stats().rerun).toBe(3);
  });

  test("because the pool is exhausted fails once, not once more for each", async () => {
    const asked: string[] = [];
    const small = recordingPool(
      {
        connectionString: database.url,
        max: 1,
        connectionTimeoutMillis: 1_000,
      },
      asked,
    );
    const wrapped = coalesce(small);
    await Promise.all([wrapped.query(USER, [1]), wrapped.query(USER, [2])]);
    const held = await wrapped.connect();
    const before = asked.length;
    const outcomes = await Promise.allSettled([1, 2, 3].map((id) => wrapped.query(USER, [id])));
    expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
    expect(asked.length - before).toBe(1);
    held.release();
    const results = await Promise.all([1, 2].map((id) => wrapped.query(USER, [id])));
    expect(results.map(({ rowCount }) => rowCount)).toEqual([1, 1]);
    await wrapped.end();
    const ended = await Promise.allSettled([wrapped.query(USER, [1]), wrapped.query(USER, [2])]);
    expect(ended.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  });
});

describe("a table that changes", () => {
  test("is read as it is now, prepared statements or not", async () => {
    await database.query(
      "CREATE TABLE moving (id int PRIMARY KEY, a int); INSERT INTO moving VALUES (1, 1), (2, 2)",
    );
    const text = "SELECT * FROM moving WHERE id = $1";
    const both = () =>
      expectSame([
        [text, [1]],
        [text, [2]],
      ]);
    for (let round = 0; round < 8; round += 1) await both();
    await database.query("ALTER TABLE moving ADD COLUMN b text DEFAULT 'new'");
    await both();
    await both();
    await database.query("ALTER TABLE moving ALTER id TYPE text");
    await both();
    await database.query("DROP TABLE moving; CREATE VIEW moving AS SELECT id, name FROM users");
    await both();
    await both();
    expect(db.stats().refused["not a table"]).toBeGreaterThan(0);
    await database.query("DROP VIEW moving");
  });

  test("of the same name on another search path is never taken for the one that was looked at", async () => {
    await database.query(
      "CREATE SCHEMA other; CREATE TABLE other.users (id text, name text, extra int); INSERT INTO other.users VALUES ('1', 'other', 1)",
    );
    const byTenant = new AsyncLocalStorage<string>();
    const tenants = settingPool(
      { connectionString: database.url, max: 1 },
      "search_path",
      () => byTenant.getStore() ?? "public",
    );
    const apart = coalesce(tenants, { context: byTenant });
    const ask = (tenant: string, id: number): Promise<QueryResult> =>
      byTenant.run(tenant, () => apart.query("SELECT name FROM users WHERE id = $1", [id]));
    for (let round = 0; round < 3; round += 1) {
      const results = await Promise.all([
        ask("public", 1),
        ask("other", 1),
        ask("public", 2),
        ask("other", 2),
      ]);
      expect(results.map(({ rows }) => rows[0]?.name)).toEqual([
        "name 1",
        "other",
        "name 2",
        undefined,
      ]);
    }
    expect(apart.stats()).toMatchObject({ batches: 6, coalesced: 12, rerun: 0, catalogReads: 2 });
    // A tenant that comes later begins with the table of another, which its first result gives away.
    await database.query(
      "CREATE SCHEMA third; CREATE TABLE third.users (id int, name text); INSERT INTO third.users VALUES (2, 'third')",
    );
    for (let round = 0; round < 2; round += 1) {
      const third = await Promise.all([ask("third", 1), ask("third", 2)]);
      expect(third.map(({ rows }) => rows[0]?.name)).toEqual([undefined, "third"]);
    }
    expect(apart.stats()).toMatchObject({ batches: 8, coalesced: 14, rerun: 2, catalogReads: 3 });
    // Without the context the tables are told apart only after the fact, and then each query runs alone.
    const mixed = coalesce(tenants);
    const asked = (tenant: string): Promise<QueryResult>[] =>
      [1, 2].map((id) =>
        byTenant.run(tenant, () => mixed.query("SELECT name FROM users WHERE id = $1", [id])),
      );
    await Promise.all(asked("public"));
    const other = await Promise.all(asked("other"));
    expect(other.map(({ rows }) => rows[0]?.name)).toEqual(["other", undefined]);
    expect(mixed.stats().rerun).toBe(2);
    await tenants.end();
  });
});

describe("refused, and sent as it came", () => {
  test.each([
    ["an ORDER BY", [`${USER} ORDER BY id`, [1]], "order or limit"],
    ["a row lock", [`${USER} FOR UPDATE`, [1]], "locking"],
    ["a function", ["SELECT random() AS id FROM users WHERE id = $1", [1]], "statement"],
    [
      "a join",
      ["SELECT u.id FROM users u JOIN secrets s ON s.id = u.id WHERE u.id = $1", [1]],
      "statement",
    ],
    ["no parameters", ["SELECT id FROM users WHERE id = 1"], "values"],
    ["a missing value", [USER, []], "values"],
    ["a value too many", [USER, [1, 2]], "values"],
    ["an array", ["SELECT id FROM users WHERE id = $1", [[1]]], "values"],
    ["bytes", [USER, [Buffer.from([0, 0, 0, 1])]], "values"],
    ["an object with its own form", [USER, [{ toPostgres: () => "1" }]], "values"],
    [
      "a limit on a key that is not unique",
      ["SELECT team FROM users WHERE team = $1 LIMIT 1", [1]],
      "not unique",
    ],
    ["a view", ["SELECT id FROM watched WHERE id = $1", [1]], "not a table"],
    ["a function of the row", ["SELECT u.shout FROM users u WHERE id = $1", [1]], "column"],
    ["a system column", ["SELECT tableoid FROM users WHERE id = $1", [1]], "column"],
    ["policies", ["SELECT body FROM secrets WHERE id = $1", [1]], "row security"],
    [
      "parsers of its own",
      [{ text: USER, values: [1], types: { getTypeParser: () => String } }],
      "options",
    ],
    ["binary", [{ text: USER, values: [1], binary: true }], "options"],
    [
      "another mode of the protocol",
      [{ text: USER, values: [1], queryMode: "extended" }],
      "options",
    ],
    ["its own wish", [{ text: USER, values: [1], coalesce: false }], "turned off"],
  ])("%s", async (_, args, reason) => {
    const run = () => (db.query as unknown as AnyQuery)(...args);
    await Promise.allSettled([run(), run()]);
    await Promise.allSettled([run(), run()]);
    expect(db.stats().refused).toEqual({ [reason]: 4 });
    const own = sent.filter((text) => !CATALOG.test(text));
    const [first] = args;
    expect(own).toEqual(
      Array.from({ length: 4 }, () =>
        typeof first === "object" && "text" in first ? first.text : first,
      ),
    );
    if (args.length === 2 && !["values", "statement"].includes(reason))
      await expectSame([args, args]);
  });

  test("a view is not even read once more than it was asked", async () => {
    await database.query("SELECT setval('looked', 1)");
    await Promise.all([1, 2, 3].map((id) => db.query("SELECT n FROM watched WHERE id = $1", [id])));
    const [row] = await database.query("SELECT last_value::int AS n FROM looked");
    expect(row).toEqual({ n: 4 });
  });

  test("callbacks, submittables, cursors and connections", async () => {
    const byCallback = new Promise((resolve, reject) => {
      db.query(USER, [1], (error, result) => (error ? reject(error) : resolve(result.rows)));
    });
    expect(await byCallback).toEqual([{ id: 1, name: "name 1" }]);
    const submitted = await new Promise((resolve) => {
      const query = new Submittable(USER, [2]);
      query.on("end", (result: unknown) => resolve(result));
      query.on("row", () => undefined);
      db.query(query);
    });
    expect(submitted).toMatchObject({ rowCount: 1 });
    const client = await db.connect();
    await client.query("BEGIN");
    await Promise.all([client.query(USER, [1]), client.query(USER, [2])]);
    await client.query("COMMIT");
    client.release();
    expect(db.stats()).toMatchObject({ batches: 0, refused: { callback: 1, submittable: 1 } });
  });

  test("everything that is not marked, when only marked queries are to be coalesced", async () => {
    const marked = coalesce(pool, { mode: "marked" });
    const config = { text: USER, values: [1], coalesce: true };
    await Promise.all([marked.query(config), marked.query(config), marked.query(USER, [1])]);
    expect(marked.stats()).toMatchObject({
      batches: 1,
      coalesced: 2,
      refused: { "turned off": 1 },
    });
  });

  test("one query in its tick", async () => {
    expect((await db.query(USER, [1])).rows).toEqual([{ id: 1, name: "name 1" }]);
    expect(sent).toEqual([USER]);
    expect(db.stats()).toMatchObject({ alone: 1, batches: 0 });
  });
});

test("queries of a tenant are batched with their own only, and policies see what they would have seen", async () => {
  const tenant = new AsyncLocalStorage<string>();
  const tenants = settingPool(
    { connectionString: database.urlAs("coalesce_reader", "x"), max: 2 },
    "app.tenant",
    () => tenant.getStore() ?? "",
  );
  const apart = coalesce(tenants, { context: () => tenant.getStore() });
  const ids = Array.from({ length: 20 }, (_, index) => index + 1);
  const ask = (name: string, id: number): Promise<QueryResult> =>
    tenant.run(name, () => apart.query("SELECT body FROM secrets WHERE id = $1", [id]));
  const seen = await Promise.all(ids.flatMap((id) => [ask("even", id), ask("odd", id)]));
  expect(seen.map(({ rows }) => rows[0]?.body)).toEqual(
    ids.flatMap((id) => (id % 2 === 0 ? [`secret ${id}`, undefined] : [undefined, `secret ${id}`])),
  );
  expect(apart.stats()).toMatchObject({ batches: 2, coalesced: 40, rerun: 0, refused: {} });
  await tenants.end();
});

describe("a signal", () => {
  test("that was aborted before ends the call at once, and nothing is sent", async () => {
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(db.query({ text: USER, values: [1], signal })).rejects.toThrow("enough");
    await expect(db.query({ text: "SELECT 1", signal })).rejects.toThrow("enough");
    expect(sent).toEqual([]);
  });

  test("takes its query out of the batch while it waits, and gives up on it once it is sent", async () => {
    const abort = new AbortController();
    const ask = (id: number, signal?: AbortSignal) =>
      db.query({ text: USER, values: [id], signal });
    const first = ask(1, abort.signal);
    const second = ask(2);
    abort.abort(new Error("enough"));
    await expect(first).rejects.toThrow("enough");
    expect((await second).rows).toEqual([{ id: 2, name: "name 2" }]);
    expect(db.stats()).toMatchObject({ alone: 1, batches: 0 });
    const late = new AbortController();
    const third = ask(3, late.signal);
    const fourth = ask(4);
    while (db.stats().batches === 0) await new Promise(setImmediate);
    late.abort(new Error("late"));
    await expect(third).rejects.toThrow("late");
    expect((await fourth).rows).toEqual([{ id: 4, name: "name 4" }]);
  });
});

test("each query that is sent alone is sent where it was asked, and a batch where its first was", async () => {
  const store = new AsyncLocalStorage<string>();
  const places: (string | undefined)[] = [];
  const traced = poolWith({ connectionString: database.url, max: 2 }, (query, args) => {
    places.push(store.getStore());
    return query(...args);
  });
  const wrapped = coalesce(traced);
  const ask = (place: string, id: unknown): Promise<unknown> =>
    store.run(place, () => wrapped.query(USER, [id]));
  await Promise.allSettled([ask("a", 1), ask("b", "bad"), ask("c", 3)]);
  expect(places).toEqual(["a", "a", "a", "b", "c"]);
  await traced.end();
});

const INT4 = 23;
const parserOf = (oid: number): ((text: string) => unknown) => (oid === INT4 ? BigInt : String);

describe("results of a pool", () => {
  const CASES: readonly (readonly [string, PoolConfig])[] = [
    ["with parsers of its own", { types: { getTypeParser: parserOf } }],
    ["in binary form", { binary: true } as PoolConfig],
    ["without prepared statements", {}],
  ];
  test.each(CASES)("%s are the driver's own", async (title, config) => {
    const special = new Pool({ connectionString: database.url, max: 2, ...config });
    const wrapped = coalesce(special, { preparedStatements: !title.startsWith("without") });
    const text = "SELECT id, name, at, tags FROM users WHERE id = $1";
    for (let round = 0; round < 8; round += 1) {
      const ids = [1, 2, 3, -1];
      const together = await Promise.all(ids.map((id) => wrapped.query(text, [id])));
      const alone = await Promise.all(ids.map((id) => special.query(text, [id])));
      expect(together).toStrictEqual(alone);
    }
    // pg reads binary rows into objects only, not into the arrays that a batch needs.
    const isBinary = title === "in binary form";
    expect(wrapped.stats()).toMatchObject(
      isBinary ? { refused: { driver: 28 } } : { batches: 8, coalesced: 32 },
    );
    const [row] = (await special.query("SELECT count(*)::int AS n FROM pg_prepared_statements"))
      .rows;
    expect(title.startsWith("without") ? row.n : 0).toBe(0);
    await special.end();
  });
});

test("after a thousand rounds of queries, failures and aborts no connection and no memory is lost", async () => {
  const kept = keepingPool({ connectionString: database.url, max: 2 });
  const wrapped = coalesce(kept);
  const round = async (index: number): Promise<void> => {
    const abort = new AbortController();
    const outcomes = [
      wrapped.query(USER, [index]),
      wrapped.query(USER, [index % 10 === 0 ? "bad" : index + 1]),
      wrapped.query({ text: USER, values: [1], signal: abort.signal }),
      wrapped.query(`SELECT id, name AS n${index} FROM users WHERE id = $1`, [1]),
      wrapped.query(`SELECT id, name AS n${index} FROM users WHERE id = $1`, [2]),
    ];
    if (index % 3 === 0) abort.abort(new Error("enough"));
    else if (index % 3 === 1) setImmediate(() => abort.abort(new Error("enough")));
    await Promise.allSettled(outcomes);
  };
  for (let index = 0; index < 300; index += 1) await round(index);
  const before = usedBytes();
  for (let index = 300; index < 1_300; index += 1) await round(index);
  // Texts are kept, 2,000 of them at most: some kilobytes each. What is lost by the round would be far more.
  expect(usedBytes() - before).toBeLessThan(30_000_000);
  expect([kept.totalCount - kept.idleCount, kept.waitingCount]).toEqual([0, 0]);
  const { queries, coalesced, alone, rerun, refused } = wrapped.stats();
  expect(queries).toBe(6_500);
  expect(coalesced + alone + rerun).toBeLessThanOrEqual(queries);
  expect(refused).toEqual({});
  const [row] = (await kept.query("SELECT count(*)::int AS n FROM pg_prepared_statements")).rows;
  expect(row.n).toBeLessThanOrEqual(256);
  await kept.end();
}, 120_000);

test("a pool of createPool is coalesced as pg's own is, with its signals and its errors", async () => {
  const made = createPool({ primary: database.url, max: 1, connectionTimeout: "1s" });
  const wrapped = coalesce(made);
  const ids = [1, 2, 3];
  const results = await Promise.all(ids.map((id) => wrapped.query(USER, [id])));
  expect(results.map(({ rows }) => rows[0].id)).toEqual(ids);
  await expect(
    wrapped.query(USER, [1], { signal: AbortSignal.abort(new Error("enough")) }),
  ).rejects.toThrow("enough");
  const held = await wrapped.connect();
  const outcomes = await Promise.allSettled(ids.map((id) => wrapped.query(USER, [id])));
  expect(outcomes.map((outcome) => Reflect.get(errorFacts(outcome), "code"))).toEqual(
    ids.map(() => "UPSHIFT_POOL_TIMEOUT"),
  );
  held.release();
  expect(wrapped.stats()).toMatchObject({ batches: 2, rerun: 0, coalesced: 3 });
  await wrapped.close();
});

test("the wrapped pool is the pool in everything else", async () => {
  expect(db).toBeInstanceOf(Pool);
  expect(db.totalCount).toBe(0);
  expect(db.options).toBe(pool.options);
  expect(db.on("connect", () => undefined)).toBe(db);
  expect(Reflect.get(db, "connect")).toBe(Reflect.get(db, "connect"));
  await db.query("SELECT 1");
  expect(db.idleCount).toBe(1);
  const noPool = { query: () => Promise.reject(), connect: () => Promise.reject() };
  expect(() => coalesce(noPool)).toThrow(/pg Pool/);
  expect(() => coalesce(pool, { maxBatchSize: 501 })).toThrow(/maxBatchSize/);
});

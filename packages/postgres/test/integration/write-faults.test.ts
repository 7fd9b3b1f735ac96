import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { createTestDatabase, startTcpProxy, type TestDatabase } from "@upshift/services";
import { Client, Pool, type PoolClient } from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Queryable } from "../../src/connection/queryable.ts";
import { copyMany } from "../../src/write/copy-many.ts";
import { deleteMany } from "../../src/write/delete-many.ts";
import { insertMany } from "../../src/write/insert-many.ts";
import { updateMany } from "../../src/write/update-many.ts";
import { upsertMany } from "../../src/write/upsert-many.ts";

const isFull = process.env["UPSHIFT_TEST_SCALE"] === "full";
const APPLICATION = "write_faults";

let database: TestDatabase;
let pool: Pool;
beforeAll(async () => {
  database = await createTestDatabase();
  pool = new Pool({
    connectionString: database.url,
    max: 3,
    application_name: APPLICATION,
    connectionTimeoutMillis: 20_000,
  });
  pool.on("error", () => undefined);
  await pool.query("CREATE TABLE t (id int PRIMARY KEY, v text NOT NULL, w int DEFAULT 3)");
  await pool.query("CREATE TABLE before (id int PRIMARY KEY, v text NOT NULL, w int)");
});
beforeEach(async () => {
  await pool.query("TRUNCATE t");
  await pool.query("INSERT INTO t SELECT n, 'old', 0 FROM generate_series(0, 9) n");
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

const ROWS = 600;
const rows = Array.from({ length: ROWS }, (_, index) => ({ id: index + 100, v: `v${index}` }));
const mixed = rows.map((row, index) => (index % 4 === 0 ? { ...row, w: index } : row));

async function* slowly<T>(items: readonly T[], at: number, then: () => unknown): AsyncGenerator<T> {
  for (const [index, item] of items.entries()) {
    if (index === at) await then();
    yield item;
  }
}

type Write = (db: Queryable, signal?: AbortSignal) => Promise<unknown>;

/** Every way that rows take to the server. */
const WRITES: Readonly<Record<string, Write>> = {
  "insertMany, one statement": (db, signal) => insertMany(db, "t", rows, { signal }),
  "insertMany, chunks of mixed columns": (db, signal) =>
    insertMany(db, "t", mixed, { chunk: 250, returning: ["id"], signal }),
  "insertMany of an async iterable": (db, signal) =>
    insertMany(
      db,
      "t",
      slowly(mixed, 0, () => undefined),
      { signal },
    ),
  "insertMany, conflicts through a stage": (db, signal) =>
    insertMany(db, "t", mixed, { onConflict: "nothing", copyFrom: 1, signal }),
  upsertMany: (db, signal) =>
    upsertMany(db, "t", [...mixed, ...mixed], {
      conflict: ["id"],
      skipUnchanged: true,
      returning: ["v"],
      chunk: 500,
      signal,
    }),
  "upsertMany through a stage": (db, signal) =>
    upsertMany(db, "t", [...mixed, ...mixed], { conflict: ["id"], copyFrom: 1, signal }),
  updateMany: (db, signal) =>
    updateMany(
      db,
      "t",
      [
        { id: 1, v: "new" },
        { id: 2, w: 1 },
        { id: 1, w: 5 },
      ],
      { signal },
    ),
  "updateMany, a key twice": (db, signal) =>
    updateMany(
      db,
      "t",
      [
        { id: 1, v: "new" },
        { id: 2, v: "new" },
        { id: 1, v: "newer" },
      ],
      { signal },
    ),
  deleteMany: (db, signal) => deleteMany(db, "t", [1, 2, 3], { chunk: 2, signal }),
  copyMany: (db, signal) => copyMany(db, "t", mixed, { signal }),
};

async function expectUntouched(): Promise<void> {
  const { rows: found } = await pool.query(
    "SELECT count(*)::int AS n, count(*) FILTER (WHERE v = 'old' AND w = 0)::int AS old FROM t",
  );
  expect(found).toEqual([{ n: 10, old: 10 }]);
}

/** No client is out, no backend of ours is in a transaction or working, and the pool serves. */
async function expectNoLeak(): Promise<void> {
  expect(pool.idleCount).toBe(pool.totalCount);
  expect(pool.waitingCount).toBe(0);
  for (;;) {
    const [busy] = await database.query(
      "SELECT count(*)::int AS n FROM pg_stat_activity WHERE application_name = $1 AND state <> 'idle'",
      [APPLICATION],
    );
    if (busy?.["n"] === 0) break;
  }
  await Promise.all([1, 2, 3].map((n) => pool.query("SELECT $1::int", [n])));
}

/** Resolves when the condition holds, or when there is nothing left to wait for. */
async function untilTrueOrOver(running: Promise<unknown>, holds: () => boolean): Promise<void> {
  const state = { isOver: false };
  running.finally(() => (state.isOver = true)).catch(() => undefined);
  while (!holds() && !state.isOver) await new Promise(setImmediate);
}

/** A pool whose connections tell of each statement that is sent on them. */
function watched(onStatement: (client: PoolClient, count: number) => void): Queryable {
  let count = 0;
  const watch = (client: PoolClient): PoolClient => {
    const seen = new Proxy(client, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== "function") return value;
        if (name !== "query") return value.bind(target);
        return (...parameters: unknown[]): unknown => {
          const result: unknown = value.apply(target, parameters);
          count += 1;
          onStatement(client, count);
          return result;
        };
      },
    });
    return seen;
  };
  return Object.assign(
    {
      query: (text: string, values?: unknown[]) => pool.query(text, values),
      takesQueryConfig: true,
    },
    { connect: async () => watch(await pool.connect()) },
  );
}

describe.each(Object.entries(WRITES))("%s", (_, write) => {
  test("works, so that what follows means something", async () => {
    await write(pool);
    await expect(expectUntouched()).rejects.toThrow(/expected/);
    await expectNoLeak();
  });

  test("an abort at any statement writes nothing, ends with its reason and leaks nothing", async () => {
    await write(pool);
    for (let at = 1; ; at += 1) {
      await pool.query("TRUNCATE t");
      await pool.query("INSERT INTO t SELECT n, 'old', 0 FROM generate_series(0, 9) n");
      const abort = new AbortController();
      const reason = new Error(`abort at statement ${at}`);
      let sent = 0;
      const db = watched((_client, count) => {
        sent = count;
        if (count === at) abort.abort(reason);
      });
      const outcome = await write(db, abort.signal).then(
        () => "written" as const,
        (error: unknown) => error,
      );
      if (outcome === "written") {
        // The last one that is sent is COMMIT, which cannot be taken back any more.
        if (sent < at) break;
        continue;
      }
      expect(outcome).toBe(reason);
      await expectUntouched();
      await expectNoLeak();
    }
  });

  test("a backend that is killed at any statement leaves nothing behind, and the next call works", async () => {
    await write(pool);
    for (let at = 1; ; at += isFull ? 1 : 2) {
      await pool.query("TRUNCATE t");
      await pool.query("INSERT INTO t SELECT n, 'old', 0 FROM generate_series(0, 9) n");
      let killed: Promise<unknown> | undefined;
      const db = watched((client, count) => {
        if (count === at)
          killed = database.query("SELECT pg_terminate_backend($1)", [
            Reflect.get(client, "processID"),
          ]);
      });
      const failure = await write(db).then(
        () => undefined,
        (error: unknown) => error,
      );
      await killed;
      if (killed === undefined) break;
      // The signal may come after the statement has ended; then the call has succeeded as a whole.
      if (failure === undefined) {
        while (pool.totalCount > 0)
          await pool.query("SELECT pg_terminate_backend(pg_backend_pid())").catch(() => undefined);
        continue;
      }
      expect(failure).toBeInstanceOf(Error);
      if (!/UPSHIFT_COMMIT_UNKNOWN/.test(String(Reflect.get(Object(failure), "code"))))
        await expectUntouched();
      await expectNoLeak();
    }
  });

  test("an abort before it begins does nothing", async () => {
    const reason = new Error("too late");
    await expect(write(pool, AbortSignal.abort(reason))).rejects.toBe(reason);
    await expectUntouched();
  });

  test("on an exhausted pool an abort ends the wait, and no client is lost", async () => {
    await write(pool);
    await pool.query("TRUNCATE t");
    await pool.query("INSERT INTO t SELECT n, 'old', 0 FROM generate_series(0, 9) n");
    const held = await Promise.all([1, 2, 3].map(() => pool.connect()));
    const abort = new AbortController();
    const waiting = write(pool, abort.signal);
    await untilTrueOrOver(waiting, () => pool.waitingCount > 0);
    abort.abort(new Error("enough"));
    await expect(waiting).rejects.toThrow("enough");
    for (const client of held) client.release();
    await expectUntouched();
    await expectNoLeak();
  });
});

describe("sources", () => {
  const writes: readonly (readonly [
    string,
    (source: AsyncIterable<object>, signal?: AbortSignal) => Promise<unknown>,
  ])[] = [
    ["COPY", (source, signal) => copyMany(pool, "t", source, { signal })],
    [
      "UNNEST",
      (source, signal) => insertMany(pool, "t", source, { returning: ["id"], chunk: 100, signal }),
    ],
    ["a stage", (source, signal) => upsertMany(pool, "t", source, { conflict: ["id"], signal })],
  ];

  test.each(writes)(
    "%s: what the source throws comes out, and nothing is written",
    async (_, write) => {
      for (const at of [0, 1, 350, ROWS - 1]) {
        const failure = new Error(`at ${at}`);
        const source = slowly(rows, at, () => Promise.reject(failure));
        await expect(write(source)).rejects.toBe(failure);
        await expectUntouched();
        await expectNoLeak();
      }
    },
  );

  test.each(writes)("%s: an abort ends a wait for the source at once", async (_, write) => {
    const abort = new AbortController();
    const reason = new Error("enough");
    const source = slowly(rows, 350, () => {
      abort.abort(reason);
      return new Promise(() => undefined);
    });
    await expect(write(source, abort.signal)).rejects.toBe(reason);
    await expectUntouched();
    await expectNoLeak();
  });

  test.each(writes)(
    "%s: a bad row ends the source, which is told so",
    async (way, write) => {
      // A stage takes NULL; that the table does not is seen when all rows are there.
      const [bad, column] =
        way === "a stage" ? [{ id: "x", v: "" }, "id"] : [{ id: 5_000, v: null }, "v"];
      let isClosed = false;
      async function* source() {
        try {
          yield* rows.slice(0, 300);
          yield bad;
          for (let id = 10_000; ; id += 1) yield { id, v: "endless" };
        } finally {
          isClosed = true;
        }
      }
      await expect(write(source())).rejects.toMatchObject({
        code: "UPSHIFT_BAD_ROW",
        index: 300,
        column,
      });
      expect(isClosed).toBe(true);
      await expectUntouched();
      await expectNoLeak();
    },
    60_000,
  );

  test.each(writes)("%s: a backend killed while rows come", async (_, write) => {
    const source = slowly(rows, 350, async () => {
      await database.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1 AND state <> 'idle'",
        [APPLICATION],
      );
    });
    await expect(write(source)).rejects.toThrow(/terminat|closed|ended|not queryable/i);
    await expectUntouched();
    await expectNoLeak();
  });

  test("COPY: a backend killed while the source gives nothing ends the wait for it", async () => {
    const source = slowly(rows, 350, async () => {
      await database.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1 AND state <> 'idle'",
        [APPLICATION],
      );
      await new Promise(() => undefined);
    });
    await expect(copyMany(pool, "t", source)).rejects.toThrow(/terminat/);
    await expectUntouched();
    await expectNoLeak();
  });

  test("a source is read no faster than the server takes its rows", async () => {
    const locker = new Client({ connectionString: database.url });
    await locker.connect();
    await locker.query("BEGIN");
    await locker.query("LOCK TABLE t");
    let read = 0;
    async function* source() {
      for (let id = 1_000; id < 400_000; id += 1) {
        read += 1;
        yield { id, v: "x".repeat(100) };
      }
    }
    const abort = new AbortController();
    await pool.query("SELECT 1");
    const writing = copyMany(pool, "before", [], {}).then(() =>
      copyMany(pool, "t", source(), { signal: abort.signal }),
    );
    const failed = writing.catch((error: unknown) => error);
    let last = -1;
    // The server takes nothing: reading has to come to a stop.
    const hasStopped = () => read > 0 && read === last;
    while (!hasStopped()) {
      last = read;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(read).toBeLessThan(100_000);
    abort.abort(new Error("enough"));
    expect(await failed).toMatchObject({ message: "enough" });
    await locker.query("ROLLBACK");
    await locker.end();
    await expectNoLeak();
  });
});

test("an abort on a network that is silent ends the call at once, without the server", async () => {
  const proxy = await startTcpProxy({ port: Number(new URL(database.url).port) });
  const url = new URL(database.url);
  url.port = String(proxy.port);
  const remote = new Pool({ connectionString: url.href, max: 1 });
  remote.on("error", () => undefined);
  await insertMany(remote, "before", [{ id: 0, v: "" }]);
  for (const write of [
    (signal: AbortSignal) => insertMany(remote, "before", [{ id: 1, v: "" }], { signal }),
    (signal: AbortSignal) => copyMany(remote, "before", [{ id: 2, v: "" }], { signal }),
  ]) {
    await remote.query("SELECT 1");
    proxy.pause();
    const abort = new AbortController();
    const writing = write(abort.signal);
    await untilTrueOrOver(writing, () => remote.idleCount === 0);
    abort.abort(new Error("enough"));
    await expect(writing).rejects.toThrow("enough");
    proxy.resume();
  }
  await remote.end();
  await proxy.stop();
  expect((await pool.query("SELECT id FROM before")).rows).toEqual([{ id: 0 }]);
});

describe("a connection of the caller", () => {
  test.each(Object.entries(WRITES))(
    "%s: inside a transaction it is a part of it, and a failure undoes that part alone",
    async (_, write) => {
      const client = new Client({ connectionString: database.url });
      await client.connect();
      await client.query("BEGIN");
      await client.query("INSERT INTO t VALUES (50, 'mine', 1)");
      await expect(
        copyMany(client, "t", [
          { id: 60, v: "x" },
          { id: 50, v: "x" },
        ]),
      ).rejects.toMatchObject({
        code: "UPSHIFT_BAD_ROW",
        index: 1,
      });
      for (const bad of [
        () =>
          insertMany(client, "t", [
            { id: 60, v: "x" },
            { id: 50, v: "x" },
          ]),
        () => updateMany(client, "t", [{ id: 50, w: "x" }]),
      ]) {
        await expect(bad()).rejects.toMatchObject({ code: "UPSHIFT_BAD_ROW" });
      }
      const abort = new AbortController();
      const aborted = write(client, abort.signal);
      abort.abort(new Error("enough"));
      await expect(aborted).rejects.toThrow("enough");
      expect((await client.query("SELECT count(*)::int AS n FROM t")).rows).toEqual([{ n: 11 }]);
      await write(client);
      await client.query("COMMIT");
      await client.end();
      expect((await pool.query("SELECT v FROM t WHERE id = 50")).rows).toEqual([{ v: "mine" }]);
    },
  );
});

function collectGarbage(): void {
  setFlagsFromString("--expose-gc");
  runInNewContext("gc")();
}

async function callMany(count: number): Promise<void> {
  const few = rows.slice(0, 200);
  for (let call = 0; call < count; call += 1) {
    await pool.query("TRUNCATE t");
    const abort = new AbortController();
    const { signal } = abort;
    const failure = new Error("enough");
    const outcomes = await Promise.allSettled([
      insertMany(pool, "t", few, { signal }),
      copyMany(pool, "t", [...few, few[0] ?? {}]),
    ]);
    const [inserted] = await Promise.allSettled([
      upsertMany(
        pool,
        "t",
        slowly(few, 0, () => undefined),
        { conflict: ["id"], signal },
      ),
    ]);
    const aborted = insertMany(pool, "t", few, { signal, chunk: 50 });
    abort.abort(failure);
    const ends = [...outcomes, inserted, ...(await Promise.allSettled([aborted]))];
    expect(ends.map(({ status }) => status)).toEqual([
      "fulfilled",
      "rejected",
      "fulfilled",
      "rejected",
    ]);
  }
}

test.runIf(isFull)(
  "memory stays flat over 1,000 calls of each way, good and bad ones",
  async () => {
    await callMany(200);
    collectGarbage();
    const before = process.memoryUsage().heapUsed;
    await callMany(1_000);
    collectGarbage();
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(24 * 1024 * 1024);
    await expectNoLeak();
  },
  1_200_000,
);

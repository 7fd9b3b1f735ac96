import { getEventListeners } from "node:events";
import { PGlite } from "@electric-sql/pglite";
import { createTestDatabase, startTcpProxy, type TestDatabase } from "@upshift/services";
import { Client, Pool } from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { catalogOf } from "../../src/catalog/catalog.ts";
import { inTransaction } from "../../src/connection/in-transaction.ts";
import type { Queryable } from "../../src/connection/queryable.ts";
import { transaction } from "../../src/pool/transaction.ts";
import { ownPid, poolOpener } from "../pool-under-test.ts";
import { until } from "../until.ts";
import { usedBytes } from "../used-bytes.ts";

const IS_FULL = process.env["UPSHIFT_TEST_SCALE"] === "full";
const MARK = "/* transaction.test */";
const SLEEP = `SELECT pg_sleep(600) ${MARK}`;

let database: TestDatabase;
const open = poolOpener(() => database.url);
beforeAll(async () => {
  database = await createTestDatabase();
  await database.query(
    "CREATE TABLE written (n int); CREATE TABLE counter (id int PRIMARY KEY, n int NOT NULL); CREATE TABLE once (n int UNIQUE DEFERRABLE INITIALLY DEFERRED)",
  );
});
beforeEach(async () => {
  await database.query(
    "TRUNCATE written, counter, once; INSERT INTO counter VALUES (1, 0), (2, 0)",
  );
});
afterAll(() => database.drop());

const INSERT = "INSERT INTO written VALUES ($1)";
const written = async (): Promise<unknown[]> =>
  (await database.query("SELECT n FROM written ORDER BY n")).map(({ n }) => n);
const counters = async (): Promise<unknown[]> =>
  (await database.query("SELECT n FROM counter ORDER BY id")).map(({ n }) => n);

async function isActive(pattern: string): Promise<boolean> {
  const rows = await database.query(
    "SELECT 1 FROM pg_stat_activity WHERE state = 'active' AND pid <> pg_backend_pid() AND query LIKE $1",
    [pattern],
  );
  return rows.length > 0;
}
const isSleeping = (): Promise<boolean> => isActive(`SELECT pg_sleep%${MARK}%`);

const isCommitting = (): Promise<boolean> => isActive("COMMIT");

interface Gate {
  readonly passed: Promise<void>;
  open(): void;
}

function gate(): Gate {
  let pass: (() => void) | undefined;
  const passed = new Promise<void>((resolve) => {
    pass = resolve;
  });
  return { passed, open: () => pass?.() };
}

/** Nothing is held and the next caller finds a clean connection. */
async function expectClean(db: ReturnType<typeof open>): Promise<void> {
  await until(() => db.gauges().busyCount === 0);
  const { rows } = await db.query("SELECT txid_current_if_assigned() AS id");
  expect(rows).toEqual([{ id: null }]);
}

describe("a transaction", () => {
  test("takes effect as a whole, or not at all", async () => {
    const db = open();
    const result = await transaction(db, async (tx) => {
      await tx.query(INSERT, [1]);
      return "done";
    });
    expect(result).toBe("done");
    const failing = transaction(db, async (tx) => {
      await tx.query(INSERT, [2]);
      throw new Error("no");
    });
    await expect(failing).rejects.toThrow("no");
    const throwing = transaction(db, () => {
      throw new Error("at once");
    });
    await expect(throwing).rejects.toThrow("at once");
    expect(await written()).toEqual([1]);
    await expectClean(db);
  });

  test("has the modes that were asked for", async () => {
    const db = open();
    const modes = await transaction(
      db,
      async (tx) =>
        (
          await tx.query(
            "SELECT current_setting('transaction_isolation') AS isolation, current_setting('transaction_read_only') AS ro, current_setting('transaction_deferrable') AS deferrable",
          )
        ).rows[0],
      { isolation: "serializable", readOnly: true, deferrable: true },
    );
    expect(modes).toEqual({ isolation: "serializable", ro: "on", deferrable: "on" });
    await expect(transaction(db, async () => 1, { deferrable: true })).rejects.toThrow(
      /`deferrable` only/,
    );
    const hostile = "serializable; DROP TABLE written" as "serializable";
    await expect(transaction(db, async () => 1, { isolation: hostile })).rejects.toMatchObject({
      code: "UPSHIFT_INVALID_ARGUMENT",
    });
    await expect(transaction(db, async () => 1, { retries: -1 })).rejects.toThrow(/`retries`/);
  });

  test("shares the catalog of its pool with its parts", async () => {
    const db = open();
    await transaction(db, async (tx) => {
      expect(catalogOf(tx).memory).toBe(catalogOf(db).memory);
      await transaction(tx, async (part) =>
        expect(catalogOf(part).memory).toBe(catalogOf(db).memory),
      );
    });
  });

  test("runs statements that are started together one after another, and those nobody awaits before it ends", async () => {
    const db = open();
    const deprecations: string[] = [];
    const listen = (warning: Error) => deprecations.push(warning.message);
    process.on("warning", listen);
    const order: number[] = [];
    await transaction(db, async (tx) => {
      await Promise.all(
        [1, 2, 3].map(async (n) => {
          await tx.query("INSERT INTO written SELECT $1::int FROM pg_sleep($2)", [n, (4 - n) / 50]);
          order.push(n);
        }),
      );
      void tx.query(INSERT, [4]);
      void tx.query({ text: INSERT, values: [5], name: "insert_one" });
    });
    process.removeListener("warning", listen);
    expect(order).toEqual([1, 2, 3]);
    expect(await written()).toEqual([1, 2, 3, 4, 5]);
    expect(deprecations.filter((text) => text.includes("client.query"))).toEqual([]);
  });

  test("is over when its body is, and its handle runs nothing more", async () => {
    const db = open();
    let leaked: Queryable | undefined;
    await transaction(db, async (tx) => {
      leaked = tx;
    });
    const late = leaked?.query(INSERT, [1]);
    await expect(late).rejects.toMatchObject({ code: "UPSHIFT_TRANSACTION_ENDED" });
    expect(await written()).toEqual([]);
  });

  test("whose body ends it itself is an error", async () => {
    const db = open();
    const own = transaction(db, async (tx) => {
      await tx.query(INSERT, [1]);
      await tx.query("COMMIT");
    });
    await expect(own).rejects.toMatchObject({ code: "UPSHIFT_TRANSACTION_ENDED" });
    await expectClean(db);
  });

  test.each([
    ["caught", (tx: Queryable) => tx.query("SELECT 1 / 0").catch(() => undefined)],
    [
      "never awaited",
      async (tx: Queryable) => {
        void tx.query("SELECT 1 / 0").catch(() => undefined);
      },
    ],
  ])("with a failure that is %s is no success", async (_, fail) => {
    const db = open();
    const swallowed = transaction(db, async (tx) => {
      await tx.query(INSERT, [1]);
      await fail(tx);
    });
    await expect(swallowed).rejects.toMatchObject({
      code: "UPSHIFT_TRANSACTION_ROLLED_BACK",
      cause: { code: "22012" },
    });
    expect(await written()).toEqual([]);
    await expectClean(db);
  });

  test("that a deferred constraint refuses at COMMIT says so", async () => {
    const db = open();
    const refused = transaction(db, (tx) => tx.query("INSERT INTO once VALUES (1), (1)"));
    await expect(refused).rejects.toMatchObject({ code: "23505" });
    await expectClean(db);
  });

  test("of a client that has none, of a plain pg pool and of PGlite is one too", async () => {
    const client = new Client({ connectionString: database.url });
    await client.connect();
    const pool = new Pool({ connectionString: database.url });
    const lite = await PGlite.create();
    await lite.query("CREATE TABLE written (n int)");
    for (const db of [client, pool, lite]) {
      const failing = transaction(db, async (tx) => {
        await tx.query(INSERT, [1]);
        await tx.query("SELECT 1 / 0");
      });
      await expect(failing).rejects.toMatchObject({ code: "22012" });
      const swallowed = transaction(db, async (tx) => {
        await tx.query(INSERT, [2]);
        await tx.query("SELECT 1 / 0").catch(() => undefined);
      });
      await expect(swallowed).rejects.toMatchObject({ code: "UPSHIFT_TRANSACTION_ROLLED_BACK" });
      const isolation = await transaction(
        db,
        async (tx) => {
          await tx.query(INSERT, [3]);
          await transaction(tx, async (part) => {
            await part.query(INSERT, [4]);
            throw new Error("part");
          }).catch(() => undefined);
          return (await tx.query("SHOW transaction_isolation")).rows[0];
        },
        { isolation: "repeatable read" },
      );
      expect(isolation).toEqual({ transaction_isolation: "repeatable read" });
      const queryable: Queryable = db;
      const left = await queryable.query("DELETE FROM written RETURNING n");
      expect(left.rows).toEqual([{ n: 3 }]);
    }
    await Promise.all([client.end(), pool.end(), lite.close()]);
  }, 120_000);
});

describe("a part of a transaction", () => {
  test("fails alone, at any depth", async () => {
    const db = open();
    await transaction(db, async (tx) => {
      await tx.query(INSERT, [1]);
      await transaction(tx, async (part) => {
        await part.query(INSERT, [2]);
        const failing = transaction(part, async (inner) => {
          await inner.query(INSERT, [3]);
          await inner.query("SELECT 1 / 0");
        });
        await expect(failing).rejects.toMatchObject({ code: "22012" });
        await part.query(INSERT, [4]);
      });
      const thrown = transaction(tx, async (part) => {
        await part.query(INSERT, [5]);
        throw new Error("no");
      });
      await expect(thrown).rejects.toThrow("no");
      await tx.query(INSERT, [6]);
    });
    expect(await written()).toEqual([1, 2, 4, 6]);
  });

  test("keeps the outer handle from being used meanwhile, by a statement or another part", async () => {
    const db = open();
    await transaction(db, async (tx) => {
      await transaction(tx, async (part) => {
        await expect(tx.query("SELECT 1")).rejects.toMatchObject({
          code: "UPSHIFT_TRANSACTION_BUSY",
        });
        const sibling = transaction(tx, async () => undefined);
        await expect(sibling).rejects.toMatchObject({ code: "UPSHIFT_TRANSACTION_BUSY" });
        await part.query(INSERT, [1]);
      });
      await tx.query(INSERT, [2]);
    });
    expect(await written()).toEqual([1, 2]);
  });

  test("that is not awaited is done before the whole commits, and its handle is over then", async () => {
    const db = open();
    const seen: Promise<unknown>[] = [];
    const whole = await transaction(db, async (tx) => {
      const part = transaction(tx, async (inner) => {
        await inner.query("SELECT pg_sleep(0.1)");
        await inner.query(INSERT, [1]);
      });
      seen.push(part);
      await new Promise(setImmediate);
      return tx;
    });
    expect(await written()).toEqual([1]);
    await Promise.all(seen);
    await expect(whole.query(INSERT, [2])).rejects.toMatchObject({
      code: "UPSHIFT_TRANSACTION_ENDED",
    });
    await expectClean(db);
  });

  test.each(["a pool", "a caller's connection"])(
    "writes nothing after the whole has failed beside it, on %s",
    async (kind) => {
      const db = open({ max: 1 });
      const client = await db.connect();
      if (kind === "a pool") client.release();
      const begun = gate();
      const between = gate();
      let part: Promise<unknown> | undefined;
      const whole = transaction(kind === "a pool" ? db : client, async (tx) => {
        part = transaction(tx, async (inner) => {
          await inner.query(INSERT, [1]);
          begun.open();
          await between.passed;
          await inner.query(INSERT, [2]);
        });
        part.catch(() => undefined);
        await begun.passed;
        throw new Error("something else failed");
      });
      await expect(whole).rejects.toThrow("something else failed");
      between.open();
      await expect(part).rejects.toMatchObject({ code: "UPSHIFT_TRANSACTION_ENDED" });
      expect(await written()).toEqual([]);
      if (kind !== "a pool") client.release();
      await expectClean(db);
    },
  );

  test("is cancelled when the whole is aborted on a caller's connection", async () => {
    const db = open();
    const client = await db.connect();
    const abort = new AbortController();
    const whole = transaction(
      client,
      (tx) => transaction(tx, (inner) => inner.query(SLEEP)),
      abort,
    );
    const outcome = Promise.allSettled([whole]);
    await until(isSleeping);
    abort.abort(new Error("enough"));
    expect(await outcome).toMatchObject([{ reason: { message: "enough" } }]);
    expect(await isSleeping()).toBe(false);
    client.release();
    await expectClean(db);
  });

  test("takes no modes", async () => {
    const db = open();
    await transaction(db, async (tx) => {
      const part = transaction(tx, async () => 1, { isolation: "serializable" });
      await expect(part).rejects.toMatchObject({ code: "UPSHIFT_INVALID_ARGUMENT" });
    });
    const client = new Client({ connectionString: database.url });
    await client.connect();
    await client.query("BEGIN");
    const part = transaction(client, async () => 1, { readOnly: true });
    await expect(part).rejects.toMatchObject({ code: "UPSHIFT_INVALID_ARGUMENT" });
    await client.end();
  });

  test("that overlaps another on a caller's connection fails aloud, and undoes no other one silently", async () => {
    const client = new Client({ connectionString: database.url });
    await client.connect();
    await client.query("BEGIN");
    const firstMayEnd = gate();
    const first = inTransaction(client, async (connection) => {
      await connection.run({ text: INSERT, values: [1] });
      await firstMayEnd.passed;
    });
    const second = inTransaction(client, async (connection) => {
      await connection.run({ text: INSERT, values: [2] });
      firstMayEnd.open();
      await first;
      throw new Error("second");
    });
    const outcomes = await Promise.allSettled([first, second]);
    expect(outcomes[0].status).toBe("fulfilled");
    expect(outcomes[1]).toMatchObject({ status: "rejected" });
    // The savepoint of the second was gone with the first: the whole transaction is refused now.
    expect((await client.query("COMMIT")).command).toBe("ROLLBACK");
    await client.end();
  });
});

const increment = (db: Queryable, isolation: "serializable" | "repeatable read") =>
  transaction(
    db,
    async (tx) => {
      const { rows } = await tx.query<{ a: number; b: number }>(
        "SELECT a.n AS a, b.n AS b FROM counter a, counter b WHERE a.id = 1 AND b.id = 2",
      );
      await tx.query("UPDATE counter SET n = $1 WHERE id = 1", [(rows[0]?.a ?? 0) + 1]);
      await tx.query("UPDATE counter SET n = $1 WHERE id = 2", [(rows[0]?.b ?? 0) + 1]);
    },
    { isolation, retries: 200 },
  );

test("parts use the same few names of savepoints again: pg_stat_statements keeps each text apart", async () => {
  const client = new Client({ connectionString: database.url });
  await client.connect();
  const texts = new Set<string>();
  const query = client.query.bind(client) as (...values: unknown[]) => unknown;
  Object.assign(client, {
    query(text: unknown, ...values: unknown[]) {
      if (typeof text === "string" && text.includes("SAVEPOINT")) texts.add(text);
      return query(text, ...values);
    },
  });
  await client.query("BEGIN");
  for (let part = 0; part < 5; part += 1)
    await inTransaction(client, () => inTransaction(client, async () => undefined));
  await client.end();
  expect([...texts]).toEqual([
    "SAVEPOINT upshift_part_1",
    "SAVEPOINT upshift_part_2",
    "RELEASE SAVEPOINT upshift_part_2",
    "RELEASE SAVEPOINT upshift_part_1",
  ]);
});

describe("a repetition", () => {
  test.each(["serializable", "repeatable read"] as const)(
    "makes 50 callers at once count right under %s",
    { timeout: 120_000 },
    async (isolation) => {
      const db = open({ connectionTimeout: "60s" });
      await Promise.all(Array.from({ length: 50 }, () => increment(db, isolation)));
      expect(await counters()).toEqual([50, 50]);
      await expectClean(db);
    },
  );

  test("follows a deadlock", async () => {
    const db = open();
    let runCount = 0;
    let holderCount = 0;
    const bothHold = gate();
    const take = (first: number, second: number) =>
      transaction(db, async (tx) => {
        runCount += 1;
        await tx.query("UPDATE counter SET n = n + 1 WHERE id = $1", [first]);
        holderCount += 1;
        if (holderCount === 2) bothHold.open();
        await bothHold.passed;
        await tx.query("UPDATE counter SET n = n + 1 WHERE id = $1", [second]);
      });
    await Promise.all([take(1, 2), take(2, 1)]);
    expect(runCount).toBe(3);
    expect(await counters()).toEqual([2, 2]);
  });

  test("is of the whole body, on a clean transaction, only so often, and not for other failures", async () => {
    const db = open();
    const raise = (code: string, wrap = (error: unknown) => error) => {
      const seen: unknown[] = [];
      const result = transaction(
        db,
        async (tx) => {
          await tx.query(INSERT, [seen.length]);
          seen.push((await tx.query("SELECT count(*)::int AS n FROM written")).rows[0]?.n);
          await tx
            .query(`DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '${code}'; END $$`)
            .catch((error: unknown) => {
              throw wrap(error);
            });
        },
        { retries: 2, random: () => 0 },
      );
      return { seen, result };
    };
    const again = raise("40001");
    await expect(again.result).rejects.toMatchObject({ code: "40001" });
    expect(again.seen).toEqual([1, 1, 1]);
    const wrapped = raise("40P01", (cause) => new Error("orm", { cause }));
    await expect(wrapped.result).rejects.toThrow("orm");
    expect(wrapped.seen).toEqual([1, 1, 1]);
    const other = raise("23505");
    await expect(other.result).rejects.toMatchObject({ code: "23505" });
    expect(other.seen).toEqual([1]);
    expect(await written()).toEqual([]);
  });

  test("follows a serialization failure that the body kept to itself", async () => {
    const db = open();
    let runCount = 0;
    await transaction(db, async (tx) => {
      runCount += 1;
      await tx.query(INSERT, [runCount]);
      if (runCount === 1)
        await tx
          .query("DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '40001'; END $$")
          .catch(() => undefined);
    });
    expect(await written()).toEqual([2]);
  });
});

describe("an end from outside", () => {
  test("an abort in a statement cancels it, rolls back and is heard at once", async () => {
    const db = open();
    const abort = new AbortController();
    const reason = new Error("enough");
    const result = transaction(
      db,
      async (tx) => {
        await tx.query(INSERT, [1]);
        await tx.query(SLEEP);
      },
      abort,
    );
    await until(isSleeping);
    abort.abort(reason);
    await expect(result).rejects.toBe(reason);
    await until(async () => !(await isSleeping()));
    expect(await written()).toEqual([]);
    await expectClean(db);
  });

  test("an abort between statements does not wait for the body, whose handle is over", async () => {
    const db = open();
    const abort = new AbortController();
    let isStuck = false;
    let later: Promise<unknown> | undefined;
    const body = gate();
    const result = transaction(
      db,
      async (tx) => {
        await tx.query(INSERT, [1]);
        isStuck = true;
        await body.passed;
        later = tx.query(INSERT, [2]);
        later.catch(() => undefined);
      },
      abort,
    );
    await until(() => isStuck);
    abort.abort(new Error("enough"));
    await expect(result).rejects.toThrow("enough");
    await expectClean(db);
    body.open();
    await until(() => later !== undefined);
    await expect(later).rejects.toThrow(/enough|ended/);
    expect(await written()).toEqual([]);
  });

  test("an abort in a part undoes the part; the rest may go on", async () => {
    const db = open();
    const abort = new AbortController();
    await transaction(db, async (tx) => {
      await tx.query(INSERT, [1]);
      const part = transaction(
        tx,
        async (inner) => {
          await inner.query(INSERT, [2]);
          await inner.query(SLEEP);
        },
        abort,
      );
      const outcome = Promise.allSettled([part]);
      await until(isSleeping);
      abort.abort(new Error("enough"));
      expect(await outcome).toMatchObject([{ reason: { message: "enough" } }]);
      await tx.query(INSERT, [3]);
    });
    expect(await written()).toEqual([1, 3]);
  });

  test("an abort of the whole cancels what a part of it runs", async () => {
    const db = open();
    const abort = new AbortController();
    const result = transaction(
      db,
      async (tx) => {
        await tx.query(INSERT, [1]);
        await transaction(tx, (part) => part.query(SLEEP));
      },
      abort,
    );
    const outcome = Promise.allSettled([result]);
    await until(isSleeping);
    abort.abort(new Error("enough"));
    expect(await outcome).toMatchObject([{ reason: { message: "enough" } }]);
    await until(async () => !(await isSleeping()));
    expect(await written()).toEqual([]);
    await expectClean(db);
  });

  test("one signal may be given to any number of calls, and is let go of", async () => {
    const db = open();
    const warnings: string[] = [];
    const listen = (warning: Error) => warnings.push(`${warning.name}: ${warning.message}`);
    process.on("warning", listen);
    const { signal } = new AbortController();
    await Promise.all(
      Array.from({ length: 30 }, (_, index) =>
        index % 2 === 0
          ? db.query("SELECT 1", [], { signal })
          : transaction(db, (tx) => tx.query("SELECT 1"), { signal }),
      ),
    );
    await new Promise(setImmediate);
    process.removeListener("warning", listen);
    expect(warnings).toEqual([]);
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  test("its timeout ends the wait for a connection, a statement and the pause before a repetition", async () => {
    const db = open({ max: 1 });
    const expectation = { code: "UPSHIFT_TRANSACTION_TIMEOUT" };
    const held = await db.connect();
    await expect(transaction(db, async () => 1, { timeout: 20 })).rejects.toMatchObject(
      expectation,
    );
    held.release();
    const asleep = transaction(db, (tx) => tx.query(SLEEP), { timeout: 50 });
    await expect(asleep).rejects.toMatchObject(expectation);
    const repeating = transaction(
      db,
      (tx) => tx.query("DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '40001'; END $$"),
      { timeout: 100, retries: 1_000 },
    );
    await expect(repeating).rejects.toMatchObject(expectation);
    await expectClean(db);
  });

  test("a backend killed in it is its failure, never a repetition", async () => {
    const db = open();
    let runCount = 0;
    const result = transaction(db, async (tx) => {
      runCount += 1;
      await tx.query(INSERT, [1]);
      await database.query("SELECT pg_terminate_backend($1)", [await ownPid(tx)]);
      await tx.query(INSERT, [2]);
    });
    await expect(result).rejects.toThrow(/terminat|not queryable/);
    expect(runCount).toBe(1);
    expect(await written()).toEqual([]);
    await expectClean(db);
  });

  test("a backend killed while the body does something else is known not to have committed", async () => {
    const db = open();
    const result = transaction(db, async (tx) => {
      await tx.query(INSERT, [1]);
      await database.query("SELECT pg_terminate_backend($1)", [await ownPid(tx)]);
      await until(() => db.failures.length > 0);
    });
    await expect(result).rejects.toMatchObject({ code: "57P01" });
    expect(await written()).toEqual([]);
    await expectClean(db);
  });
});

describe("a COMMIT whose answer never comes", () => {
  /** COMMIT takes as long as a deferred trigger wants. */
  beforeEach(async () => {
    await database.query(`
      CREATE TABLE IF NOT EXISTS slow (n int);
      CREATE OR REPLACE FUNCTION linger() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN PERFORM pg_sleep(NEW.n / 1000.0); RETURN NULL; END $$;
      DROP TRIGGER IF EXISTS linger ON slow;
      CREATE CONSTRAINT TRIGGER linger AFTER INSERT ON slow DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION linger();
      TRUNCATE slow`);
  });
  test("because the network broke is unknown, and is not repeated, although it did take effect", async () => {
    const proxy = await startTcpProxy({ port: Number(new URL(database.url).port) });
    onTestFinished(() => proxy.stop());
    const url = new URL(database.url);
    url.port = String(proxy.port);
    const db = open({ primary: url.href });
    let runCount = 0;
    const result = transaction(db, async (tx) => {
      runCount += 1;
      await tx.query("INSERT INTO slow VALUES (300)");
    });
    const outcome = Promise.allSettled([result]);
    await until(isCommitting);
    proxy.cut();
    expect(await outcome).toMatchObject([{ reason: { code: "UPSHIFT_COMMIT_UNKNOWN" } }]);
    expect(runCount).toBe(1);
    await until(async () => !(await isCommitting()));
    expect(await database.query("SELECT n FROM slow")).toEqual([{ n: 300 }]);
    await expectClean(db);
  });

  test("because its backend was killed is unknown, although it did not take effect", async () => {
    const db = open();
    const outcome = Promise.allSettled([
      transaction(db, (tx) => tx.query("INSERT INTO slow VALUES (600000)")),
    ]);
    await until(isCommitting);
    await database.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state = 'active' AND query = 'COMMIT'",
    );
    expect(await outcome).toMatchObject([{ reason: { code: "UPSHIFT_COMMIT_UNKNOWN" } }]);
    expect(await database.query("SELECT n FROM slow")).toEqual([]);
    await expectClean(db);
  });

  test("an abort during COMMIT waits for a quick answer", async () => {
    const db = open();
    const abort = new AbortController();
    const result = transaction(db, (tx) => tx.query("INSERT INTO slow VALUES (300)"), abort);
    await until(isCommitting);
    abort.abort(new Error("enough"));
    await result;
    expect(await database.query("SELECT n FROM slow")).toEqual([{ n: 300 }]);
    await expectClean(db);
  });

  test("and not for a slow one", async () => {
    const db = open();
    const abort = new AbortController();
    const result = transaction(db, (tx) => tx.query("INSERT INTO slow VALUES (600000)"), abort);
    const outcome = Promise.allSettled([result]);
    await until(isCommitting);
    const reason = new Error("enough");
    abort.abort(reason);
    expect(await outcome).toMatchObject([
      { reason: { code: "UPSHIFT_COMMIT_UNKNOWN", cause: reason } },
    ]);
    await expectClean(db);
    await database.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state = 'active' AND query = 'COMMIT'",
    );
  });
});

test(
  "nothing leaks over many transactions that fail, abort and repeat",
  { timeout: 300_000 },
  async () => {
    const db = open({ max: 3, connectionTimeout: "60s" });
    const signals = new AbortController();
    const one = async (index: number): Promise<void> => {
      const abort = new AbortController();
      if (index % 5 === 0) setImmediate(() => abort.abort(new Error("enough")));
      await transaction(
        db,
        async (tx) => {
          await tx.query(INSERT, [index]);
          if (index % 5 === 1) throw new Error("no");
          if (index % 5 === 2) await tx.query("SELECT 1 / 0").catch(() => undefined);
          if (index % 5 === 3)
            await transaction(tx, (part) => part.query("SELECT 1 / 0")).catch(() => undefined);
        },
        { signal: index % 5 === 0 ? abort.signal : signals.signal, timeout: "1m" },
      ).catch(() => undefined);
    };
    const round = async (count: number): Promise<number> => {
      for (let index = 0; index < count; index += 5)
        await Promise.all([0, 1, 2, 3, 4].map((offset) => one(index + offset)));
      await until(() => db.gauges().busyCount === 0);
      return usedBytes();
    };
    const count = IS_FULL ? 1_000 : 150;
    const before = await round(count);
    const after = await round(count);
    expect(after - before).toBeLessThan(8 * 1024 * 1024);
    expect(db.totalCount).toBeLessThanOrEqual(3);
    await expectClean(db);
  },
);

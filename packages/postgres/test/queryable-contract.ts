import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { catalogOf } from "../src/catalog/catalog.ts";
import { inTransaction } from "../src/connection/in-transaction.ts";
import { isPoolLike, isTransactionRunner, type Queryable } from "../src/connection/queryable.ts";
import { runStatement, touchedRowCount } from "../src/connection/run-statement.ts";
import { sqlState } from "../src/connection/sql-state.ts";
import { withConnection } from "../src/connection/with-connection.ts";

/** A driver or adapter, opened on the database of the test. */
export interface Subject {
  readonly db: Queryable;
  close(): Promise<void>;
  /** Statements on another connection to the same database; absent where there is none. */
  readonly aside?: (text: string, values?: unknown[]) => Promise<Record<string, unknown>[]>;
}

/** Tests of the contract that a subject cannot pass, and why: they are left out. */
export type Exceptions = Partial<Record<ContractTest, string>>;

type ContractTest =
  | "dates and json values"
  | "an aborted statement is cancelled on the server"
  | "a connection killed while it is idle"
  | "a connection killed while a statement runs"
  | "prepared statements";

const ROWS = 300;

function leaveOut(): void {}

const add = (id: number, note: string) => ({
  text: "INSERT INTO contract VALUES ($1, $2)",
  values: [id, note],
});

/** What every queryable promises, and every part of the package rests on. */
export function queryableContract(
  name: string,
  open: () => Promise<Subject>,
  cannot: Exceptions = {},
): void {
  const unless = (theme: ContractTest) => (cannot[theme] === undefined ? test : leaveOut);

  describe(`the contract of a queryable: ${name}`, () => {
    let subject: Subject;
    let db: Queryable;
    beforeAll(async () => {
      subject = await open();
      db = subject.db;
      await db.query("DROP TABLE IF EXISTS contract");
      await db.query("CREATE TABLE contract (id int PRIMARY KEY, note text)");
    });
    afterAll(() => subject.close());

    const notes = async () =>
      (await db.query("SELECT note FROM contract ORDER BY id")).rows.map(({ note }) => note);
    const empty = () => db.query("DELETE FROM contract");

    test("values of the common types and NULL come back", async () => {
      const { rows } = await db.query(
        `SELECT $1::int AS "int", $2::text AS "text", $3::bool AS "bool", $4::float8 AS "float", $5::text AS "missing",
                $6::bytea AS "bytes", $7::text[] AS "texts", NULL AS "none"`,
        [
          7,
          "it's $1 \\ \u{1F418}",
          true,
          0.5,
          null,
          Buffer.from([0, 255, 39]),
          ["a,", 'b"', "NULL"],
        ],
      );
      expect(rows).toHaveLength(1);
      expect({ ...rows[0], bytes: [...rows[0].bytes] }).toEqual({
        int: 7,
        text: "it's $1 \\ \u{1F418}",
        bool: true,
        float: 0.5,
        missing: null,
        bytes: [0, 255, 39],
        texts: ["a,", 'b"', "NULL"],
        none: null,
      });
    });

    unless("dates and json values")("dates and json values", async () => {
      const at = new Date("2024-02-29T12:34:56.789Z");
      const text = "SELECT $1::timestamptz AS at, $2::jsonb AS value";
      const { rows } = await db.query(text, [at, { a: [1] }]);
      expect(rows).toEqual([{ at, value: { a: [1] } }]);
    });

    test("text with a cast is taken as it is, whatever the type", async () => {
      const { rows } = await db.query(
        `SELECT ($1::text::timestamptz AT TIME ZONE 'UTC')::text AS at, $2::text::jsonb ->> 'a' AS a, $3::text::bool AS b, $4::text::int8::text AS n, $5::text::int[]::text AS list`,
        ["2024-01-01 00:00:00.123456+00", '{"a":"x"}', "t", "9007199254740993", "{1,NULL}"],
      );
      expect(rows).toEqual([
        {
          at: "2024-01-01 00:00:00.123456",
          a: "x",
          b: true,
          n: "9007199254740993",
          list: "{1,NULL}",
        },
      ]);
    });

    test("column names arrive as they are written", async () => {
      const { rows } = await db.query(
        `SELECT 1 AS "snake_case", 2 AS "__k1", 3 AS "Camel.Case", 4 AS "a ""b"""`,
      );
      expect(rows).toEqual([{ snake_case: 1, __k1: 2, "Camel.Case": 3, 'a "b"': 4 }]);
    });

    test("a write says how many rows it touched", async () => {
      const result = await db.query("INSERT INTO contract VALUES (1, 'a'), (2, 'b')");
      expect(touchedRowCount(result)).toBe(2);
      expect(touchedRowCount(await db.query("DELETE FROM contract WHERE id = $1", [1]))).toBe(1);
      expect(touchedRowCount(await empty())).toBe(1);
    });

    test("an error of the server carries its SQLSTATE, and the next statement works", async () => {
      const failing = async (text: string, values: unknown[] = []) =>
        db.query(text, values).then(
          () => undefined,
          (error: unknown) => sqlState(error),
        );
      expect(await failing("SELECT 1 / 0")).toBe("22012");
      expect(await failing("SELECT * FROM nothing_there")).toBe("42P01");
      expect(await failing("SELECT $1::int", ["x"])).toBe("22P02");
      expect((await db.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
    });

    test("a transaction takes effect as a whole or not at all", async () => {
      await inTransaction(db, async (connection) => {
        await connection.run(add(1, "kept"));
        await connection.run(add(2, "kept too"));
      });
      const failing = inTransaction(db, async (connection) => {
        await connection.run(add(3, "lost"));
        throw new Error("no");
      });
      await expect(failing).rejects.toThrow("no");
      const broken = inTransaction(db, async (connection) => {
        await connection.run(add(4, "lost"));
        await connection.run(add(1, "a duplicate"));
      });
      expect(await broken.catch(sqlState)).toBe("23505");
      expect(await notes()).toEqual(["kept", "kept too"]);
      await empty();
    });

    test("a part of a transaction fails alone, at any depth", async () => {
      await inTransaction(db, async (outer) => {
        await outer.run(add(1, "outer"));
        const inner = inTransaction(outer.driver, async (part) => {
          await part.run(add(2, "inner"));
          const innermost = inTransaction(part.driver, async (deep) => {
            await deep.run(add(3, "innermost"));
            await deep.run({ text: "SELECT 1 / 0", values: [] });
          });
          expect(await innermost.catch(sqlState)).toBe("22012");
          await part.run(add(4, "inner goes on"));
        });
        await inner;
        const failing = inTransaction(outer.driver, async (part) => {
          await part.run(add(5, "lost"));
          throw new Error("no");
        });
        await expect(failing).rejects.toThrow("no");
        await outer.run(add(6, "outer goes on"));
      });
      expect(await notes()).toEqual(["outer", "inner", "inner goes on", "outer goes on"]);
      await empty();
    });

    test("the statements of one connection run on one backend", async () => {
      const pids = await withConnection(db, async (connection) => {
        const pid = { text: "SELECT pg_backend_pid() AS pid", values: [] };
        return [await connection.run(pid), await connection.run(pid)].map(
          ({ rows }) => rows[0]?.["pid"],
        );
      });
      expect(pids[0]).toBe(pids[1]);
    });

    test("a cursor is read in parts", async () => {
      const sizes: number[] = [];
      await inTransaction(db, async (connection) => {
        await connection.run({
          text: "DECLARE upshift_contract NO SCROLL CURSOR FOR SELECT n FROM generate_series(1, $1::int) AS n",
          values: [ROWS],
        });
        for (;;) {
          const { rows } = await connection.run({
            text: "FETCH 128 FROM upshift_contract",
            values: [],
          });
          if (rows.length === 0) break;
          sizes.push(rows.length);
        }
      });
      expect(sizes).toEqual([128, 128, 44]);
    });

    test("connections go back however a body ends: many times as many calls as there are connections", async () => {
      for (let round = 0; round < 30; round++) {
        const failing = withConnection(db, async (connection) => {
          if (round % 3 === 0) await connection.run({ text: "SELECT 1 / 0", values: [] });
          throw new Error("no");
        });
        await expect(failing).rejects.toThrow(/^no$|zero/);
      }
      const addOne = (id: number) =>
        inTransaction(db, (connection) => connection.run(add(id, "x")));
      // Transactions side by side need connections of their own.
      const canRunTogether = isPoolLike(db) || isTransactionRunner(db);
      if (canRunTogether) await Promise.all(Array.from({ length: 30 }, (_, id) => addOne(id)));
      else for (let id = 0; id < 30; id++) await addOne(id);
      expect(await notes()).toHaveLength(30);
      await empty();
    });

    unless("an aborted statement is cancelled on the server")(
      "an aborted statement is cancelled on the server",
      async () => {
        const { aside } = subject;
        const sleeping = async () =>
          (
            await aside?.(
              "SELECT 1 FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'SELECT pg_sleep(599)%' AND datname = current_database()",
            )
          )?.length;
        const abort = new AbortController();
        const reason = new Error("enough");
        const result = inTransaction(
          db,
          async (connection) => {
            await connection.run(add(1, "lost"));
            await connection.run({ text: "SELECT pg_sleep(599)", values: [] });
          },
          abort,
        );
        await expect.poll(sleeping, { timeout: 10_000 }).toBe(1);
        abort.abort(reason);
        await expect(result).rejects.toBe(reason);
        await expect.poll(sleeping, { timeout: 10_000 }).toBe(0);
        // Whichever connection it was: none is left in a state that the next caller sees.
        for (let call = 0; call < 8; call++) {
          const { rows } = await inTransaction(db, (connection) =>
            connection.run({ text: "SELECT 1 AS one", values: [] }),
          );
          expect(rows).toEqual([{ one: 1 }]);
        }
        expect(await notes()).toEqual([]);
      },
    );

    for (const isIdle of [true, false]) {
      const killed: ContractTest = isIdle
        ? "a connection killed while it is idle"
        : "a connection killed while a statement runs";
      unless(killed)(killed, async () => {
        const { aside } = subject;
        const failing = withConnection(db, async (connection) => {
          const pid = { text: "SELECT pg_backend_pid() AS pid", values: [] };
          const { rows } = await connection.run(pid);
          const kill = () => aside?.("SELECT pg_terminate_backend($1, 5000)", [rows[0]?.["pid"]]);
          if (isIdle) {
            await kill();
            await connection.run(pid);
            await connection.run(pid);
          } else {
            const running = connection.run({ text: "SELECT pg_sleep(599)", values: [] });
            await Promise.all([running, kill()]);
          }
        });
        await expect(failing).rejects.toThrow(/terminat|CONNECTION_CLOSED|not queryable/);
        // As many as there are connections and more: a dead one would be handed out.
        const after = Array.from({ length: 12 }, () => db.query("SELECT 1 AS one"));
        for (const { rows } of await Promise.all(after)) expect(rows).toEqual([{ one: 1 }]);
      });
    }

    unless("prepared statements")("prepared statements", async () => {
      const text = "SELECT $1::int + 41 AS prepared_contract";
      await withConnection(db, async (connection) => {
        for (const value of [1, 2]) {
          const { rows } = await connection.run({ text, values: [value], isPrepared: true });
          expect(rows).toEqual([{ prepared_contract: value + 41 }]);
        }
        const { rows } = await connection.run({
          text: "SELECT count(*)::int AS n FROM pg_prepared_statements WHERE statement LIKE '%prepared_contract' AND NOT from_sql",
          values: [],
        });
        expect(rows).toEqual([{ n: 1 }]);
      });
    });

    test("what is prepared can also be run as it is", async () => {
      const { rows } = await runStatement(db, {
        text: "SELECT $1::text AS same",
        values: ["x"],
        isPrepared: true,
      });
      expect(rows).toEqual([{ same: "x" }]);
    });

    test("the catalog is read through it", async () => {
      const facts = await catalogOf(db).table("contract");
      expect([...facts.columns.keys()]).toEqual(["id", "note"]);
      expect(facts.primaryKey).toEqual(["id"]);
    });
  });
}

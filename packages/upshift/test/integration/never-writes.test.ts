import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import {
  bringPgBouncer,
  componentSkips,
  type PgBouncerServer,
  type PostgresServer,
  startPgBouncer,
  startPostgres,
} from "@upshift/services";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fingerprintOf } from "./database-fingerprint.ts";
import { upshift } from "./upshift-process.ts";

const skips = await componentSkips("PgBouncer", () => bringPgBouncer());

let server: PostgresServer;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "upshift-never-writes-"));
  server = await startPostgres({
    settings: {
      log_statement: "all",
      log_line_prefix: "%a|",
      // What runs in the background would change the fingerprint by itself.
      autovacuum: "off",
    },
  });
  const client = new Client({ connectionString: server.url() });
  await client.connect();
  await client.query("CREATE DATABASE shop");
  await client.query("ALTER DATABASE shop SET work_mem = '8MB'");
  await client.end();
  const shop = new Client({ connectionString: server.url("shop") });
  await shop.connect();
  await shop.query(SCHEMA);
  for (let call = 0; call < 5; call++) {
    await shop.query("SELECT count(*) FROM orders WHERE user_id = $1", [call]);
  }
  await shop.end();
  await writeFile(
    path.join(folder, "workload.sql"),
    "SELECT * FROM orders WHERE user_id = 7 ORDER BY id DESC LIMIT 20;\nDELETE FROM orders WHERE note = 'x';\nDROP TABLE orders;\n",
  );
});

afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

const SCHEMA = `
  CREATE EXTENSION pg_stat_statements;
  CREATE TYPE state AS ENUM ('open', 'paid');
  CREATE TABLE orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, user_id int, state state, note text);
  INSERT INTO orders (user_id, state, note)
    SELECT n % 1000, CASE WHEN n % 10 = 0 THEN 'open'::state ELSE 'paid' END, md5(n::text) FROM generate_series(1, 30000) n;
  CREATE INDEX orders_note_idx ON orders (note);
  CREATE INDEX orders_note_again_idx ON orders (note);
  CREATE VIEW open_orders AS SELECT * FROM orders WHERE state = 'open';
  CREATE SEQUENCE numbers;
  CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
  CREATE TRIGGER touch BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION touch();
  ANALYZE;
`;

/** @param isThorough - every way to run a command; else one of each that connects */
function commands(isThorough: boolean): readonly (readonly string[])[] {
  const workload = ["--workload", path.join(folder, "workload.sql")];
  if (!isThorough) return [["doctor", "--json"], ["advise", ...workload], ["snapshot"]];
  return [
    ["doctor"],
    ["doctor", "--sql", ...workload],
    ["advise", ...workload],
    ["advise", "--json", "--with-values"],
    ["snapshot", "-o", path.join(folder, "snapshot.json")],
    ["snapshot", "--with-values"],
    ["doctor", "--print-sql"],
    ["rules"],
  ];
}

/** Statements that the CLI sent since `offset` of the log, in order. */
async function statementsSince(offset: number, application: string): Promise<readonly string[]> {
  const log = (await server.readLog()).slice(offset);
  return log
    .split(/\n(?=[^\t])/)
    .filter((entry) => entry.startsWith(`${application}|`))
    .flatMap((entry) => {
      const match = /^[^|]*\|(?:LOG|STATEMENT): {2}(?:statement|execute [^:]*): ([^]*)$/.exec(
        entry,
      );
      return match?.[1] === undefined ? [] : [match[1].trim()];
    });
}

const READS = /^(?:SELECT|WITH|SHOW)\b/i;
const FRAME = /^(?:BEGIN READ ONLY|COMMIT$|ROLLBACK$|SET LOCAL )/;
const WRITES =
  /\b(?:INSERT|UPDATE|DELETE|MERGE|CREATE|ALTER|DROP|TRUNCATE|GRANT|COPY|VACUUM|ANALYZE|LOCK|nextval|setval|set_config|pg_advisory\w*|pg_terminate\w*|pg_cancel\w*|pg_stat_reset\w*|pg_stat_statements_reset|pg_reload_conf)\b/i;

/** Quoted text is data: the word DELETE in a string does nothing. */
function isRead(statement: string): boolean {
  const bare = statement.replaceAll(/'(?:[^']|'')*'|"(?:[^"]|"")*"|--.*/g, "''");
  return FRAME.test(bare) || (READS.test(bare) && !WRITES.test(bare) && !/;\s*\S/.test(bare));
}

test("the check itself tells a write from a read", () => {
  expect(isRead("SELECT 1 FROM pg_class WHERE relname = 'DELETE'")).toBe(true);
  expect(isRead("WITH gone AS (DELETE FROM a RETURNING *) SELECT * FROM gone")).toBe(false);
  expect(isRead("SELECT 1; DROP TABLE a")).toBe(false);
  expect(isRead("SELECT nextval('numbers')")).toBe(false);
  expect(isRead("SET work_mem = '1GB'")).toBe(false);
  expect(isRead("BEGIN")).toBe(false);
  expect(isRead("EXPLAIN ANALYZE SELECT 1")).toBe(false);
});

/** Runs every command and gives what it sent. */
async function runAll(url: string, isThorough: boolean): Promise<readonly string[]> {
  const offset = (await server.readLog()).length;
  for (const argv of commands(isThorough)) {
    const { exitCode, stderr } = await upshift(argv, { environment: { DATABASE_URL: url } });
    expect([0, 1], `${argv.join(" ")}: ${stderr}`).toContain(exitCode);
  }
  return await statementsSince(offset, "upshift");
}

test(
  "no command changes anything, and each sends only reads and SET LOCAL",
  { timeout: 300_000 },
  async () => {
    const before = await fingerprintOf(server.url("shop"));
    const statements = await runAll(server.url("shop"), true);
    expect(await fingerprintOf(server.url("shop"))).toEqual(before);
    expect(statements.length).toBeGreaterThan(20);
    expect(statements.filter((statement) => !isRead(statement))).toEqual([]);
    expect(statements.filter((statement) => FRAME.test(statement)).length).toBeGreaterThan(5);
  },
);

test("what is sent is what --print-sql printed", { timeout: 60_000 }, async () => {
  const { stdout } = await upshift(["snapshot", "--print-sql"]);
  const printed = normalised(stdout);
  const offset = (await server.readLog()).length;
  const { exitCode } = await upshift(["snapshot", "--with-values"], {
    environment: { DATABASE_URL: server.url("shop") },
  });
  expect(exitCode).toBe(0);
  const sent = await statementsSince(offset, "upshift");
  expect(sent.length).toBeGreaterThan(10);
  expect(sent.filter((statement) => !printed.includes(normalised(statement)))).toEqual([]);
});

describe.skipIf(skips.isMissing)("through PgBouncer in transaction mode", () => {
  let bouncer: PgBouncerServer;

  beforeAll(async () => {
    bouncer = await startPgBouncer({ server });
  });

  afterAll(async () => {
    await bouncer.stop();
  });

  test("every command works and changes nothing", { timeout: 300_000 }, async () => {
    const before = await fingerprintOf(server.url("shop"));
    const statements = await runAll(bouncer.url("shop"), false);
    expect(await fingerprintOf(server.url("shop"))).toEqual(before);
    expect(statements.length).toBeGreaterThan(20);
    expect(
      statements.filter((statement) => !isRead(statement) && !isPoolersOwn(statement)),
    ).toEqual([]);
  });

  test("a database that it does not know, a wrong password, no connection left", async () => {
    const wrong = await upshift(["snapshot", bouncer.url("shop", "postgres", "hunter2")]);
    expect(wrong.exitCode).toBe(2);
    expect(wrong.stderr).toMatch(/refused the password/);
    expect(wrong.stderr).not.toContain("hunter2");
    const missing = await upshift(["snapshot"], {
      environment: { DATABASE_URL: bouncer.url("nowhere") },
    });
    expect(missing.exitCode).toBe(2);
    expect(missing.stderr).toMatch(/no database "nowhere"/);
  });
});

/** PgBouncer hands the client's startup parameters on to whichever server connection it lends. */
function isPoolersOwn(statement: string): boolean {
  return /^(?:SET (?:client_encoding|application_name|datestyle|timezone|standard_conforming_strings|intervalstyle)\s*=\s*'[^']*';?\s*)+$/i.test(
    statement,
  );
}

function normalised(sql: string): string {
  return sql.replaceAll(/\s+/g, " ").replace(/;$/, "").trim();
}

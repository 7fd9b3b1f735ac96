import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createTestDatabase, type TestDatabase } from "@upshift/services";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { upshift, type UpshiftOutcome } from "./upshift-process.ts";

// The first run on a machine builds the twin's template.
const TIMEOUT = { timeout: 120_000 };

let folder: string;
const databases: TestDatabase[] = [];

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "upshift-bad-input-"));
});

afterAll(async () => {
  for (const database of databases) await database.drop();
  await rm(folder, { recursive: true, force: true });
});

async function databaseWith(...statements: readonly string[]): Promise<TestDatabase> {
  const database = await createTestDatabase();
  databases.push(database);
  for (const statement of statements) await database.query(statement);
  return database;
}

async function workloadFile(text: string): Promise<string> {
  const file = path.join(folder, `workload-${Math.random().toString(36).slice(2)}.sql`);
  await writeFile(file, text);
  return file;
}

/** A table with rows enough that reading one user's of them asks for an index. */
function ordersTable(name: string): readonly string[] {
  return [
    `CREATE TABLE ${name} (id int PRIMARY KEY, "User Id" int NOT NULL, note text)`,
    `INSERT INTO ${name} SELECT n, n % 2000, md5(n::text) FROM generate_series(1, 40000) n`,
  ];
}

interface DoctorJson {
  readonly findings: readonly { readonly rule: string; readonly title: string }[];
  readonly indexes: readonly { readonly ddl: string; readonly confidence: string }[];
  readonly workload: { readonly source: string; readonly note: string | null };
  readonly skipped: readonly { readonly query: string; readonly reason: string }[];
  readonly visibility: { readonly hidden: readonly { readonly grant: string | null }[] };
}

async function doctor(
  database: Pick<TestDatabase, "url">,
  argv: readonly string[] = [],
): Promise<UpshiftOutcome> {
  const outcome = await upshift(["doctor", ...argv], {
    environment: { DATABASE_URL: database.url },
  });
  expect(outcome.stderr).toBe("");
  expect([0, 1]).toContain(outcome.exitCode);
  return outcome;
}

async function doctorJson(
  database: Pick<TestDatabase, "url">,
  argv: readonly string[] = [],
): Promise<DoctorJson> {
  const { stdout } = await doctor(database, ["--json", ...argv]);
  const report: unknown = JSON.parse(stdout);
  expect(report).toMatchObject({
    schemaVersion: 1,
    database: expect.any(String),
    server: expect.stringMatching(/^18/),
    findings: expect.any(Array),
    indexes: expect.any(Array),
    workload: expect.any(Object),
  });
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- asserted above
  return report as DoctorJson;
}

test("an empty database: no findings, and how to get a workload", TIMEOUT, async () => {
  const database = await databaseWith();
  const { exitCode, stdout } = await doctor(database);
  expect(exitCode).toBe(0);
  expect(stdout).toContain("No findings.");
  expect(stdout.replaceAll(/\s+/g, " ")).toMatch(/--workload FILE\.sql/);
});

test("tables that were never analysed are named", TIMEOUT, async () => {
  const database = await databaseWith(...ordersTable("orders"));
  const { findings } = await doctorJson(database, [
    "--workload",
    await workloadFile('SELECT * FROM orders WHERE "User Id" = 7;'),
  ]);
  expect(findings.map(({ rule }) => rule)).toContain("statistics/missing");
});

test(
  "statements that cannot be advised on are skipped by name, the rest is advised on",
  TIMEOUT,
  async () => {
    const database = await databaseWith(...ordersTable("orders"), "VACUUM ANALYZE");
    const long = Array.from({ length: 150_000 }, (_, index) => index * 7).join(", ");
    const file = await workloadFile(
      [
        'SELECT id FROM orders WHERE "User Id" = 7;',
        "SELEC nonsense FROM;",
        "CREATE TABLE later (id int);",
        `SELECT id FROM orders WHERE id IN (${long});`,
        "SELECT * FROM nowhere WHERE id = 1;",
        String.raw`\d orders`,
        "",
      ].join("\n"),
    );
    const report = await doctorJson(database, ["--workload", file]);
    const skipped = report.skipped.map(({ query, reason }) => `${query}: ${reason}`).join("\n");
    expect(skipped).toMatch(/SELEC nonsense/);
    expect(skipped).toMatch(/CREATE TABLE later/);
    expect(skipped).toMatch(/nowhere/);
    expect(report.indexes.map(({ ddl }) => ddl).join("\n")).toMatch(/"User Id"/);
    for (const { reason } of report.skipped) expect(reason.length).toBeGreaterThan(5);
  },
);

describe("names and types that need care", () => {
  const QUERIES =
    'SELECT id FROM "Sh""op"."Order Lines" WHERE "User Id" = 7;\nSELECT id FROM archive."Order Lines" WHERE "User Id" = 7;';
  let database: TestDatabase;
  let file: string;

  beforeAll(async () => {
    database = await databaseWith(
      'CREATE SCHEMA "Sh""op"',
      "CREATE SCHEMA archive",
      ...ordersTable('"Sh""op"."Order Lines"'),
      ...ordersTable('archive."Order Lines"'),
      "CREATE TYPE odd",
      "CREATE FUNCTION odd_in(cstring) RETURNS odd LANGUAGE internal IMMUTABLE STRICT AS 'textin'",
      "CREATE FUNCTION odd_out(odd) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'textout'",
      "CREATE TYPE odd (INPUT = odd_in, OUTPUT = odd_out, LIKE = text)",
      "CREATE TABLE oddities (id int, value odd)",
      "INSERT INTO oddities SELECT n, 'x' FROM generate_series(1, 5000) n",
      "VACUUM ANALYZE",
    );
    file = await workloadFile(`${QUERIES}\nSELECT * FROM oddities WHERE id = 3;`);
  });

  test(
    "every schema's table gets its own index, whose statement runs as it is printed",
    TIMEOUT,
    async () => {
      const { indexes } = await doctorJson(database, ["--workload", file]);
      const ddl = indexes.map((index) => index.ddl).join("\n");
      expect(ddl).toContain('"Sh""op"."Order Lines"');
      expect(ddl).toContain('archive."Order Lines"');
      expect(ddl).toContain("oddities");

      const { stdout } = await doctor(database, ["--workload", file, "--sql"]);
      const statements = stdout
        .replaceAll(/^--.*$/gm, "")
        .split(";\n")
        .map((statement) => statement.trim())
        .filter((statement) => statement !== "");
      expect(statements.length).toBeGreaterThanOrEqual(3);
      for (const statement of statements) await database.query(statement);
      // Run by accident again, it stops at once and makes nothing twice.
      for (const statement of statements) {
        await expect(database.query(statement)).rejects.toThrow(/already exists|does not exist/);
      }
      const after = await doctorJson(database, ["--workload", file]);
      expect(after.indexes).toEqual([]);
    },
  );
});

test(
  "what a role cannot see is listed with its GRANT, and advice without statistics is a hint",
  TIMEOUT,
  async () => {
    const database = await databaseWith(
      ...ordersTable("orders"),
      "VACUUM ANALYZE",
      "DROP ROLE IF EXISTS upshift_blind",
      "CREATE ROLE upshift_blind LOGIN PASSWORD 'blind'",
    );
    const blind = { url: database.urlAs("upshift_blind", "blind") };
    const argv = ["--workload", await workloadFile('SELECT id FROM orders WHERE "User Id" = 7;')];
    const report = await doctorJson(blind, argv);
    const grants = report.visibility.hidden.map(({ grant }) => grant).join("\n");
    expect(grants).toMatch(/GRANT SELECT .* TO "?upshift_blind/);
    expect(report.indexes.filter(({ confidence }) => confidence === "proven")).toEqual([]);
    expect((await doctor(blind, argv)).stdout).toContain("GRANT SELECT");
    await database.query("DROP OWNED BY upshift_blind");
    await database.query("DROP ROLE upshift_blind");
  },
);

test(
  "one run gives text for people and JSON in a file, constants in neither, and the exit code of --fail-on",
  TIMEOUT,
  async () => {
    const database = await databaseWith(...ordersTable("orders"), "VACUUM ANALYZE");
    const query = `SELECT id FROM orders WHERE "User Id" = 7 AND note = 'secret-value';`;
    const argv = ["--workload", await workloadFile(query)];
    const target = path.join(folder, "report.json");

    const people = await doctor(database, [...argv, "--json-file", target, "--fail-on", "info"]);
    expect(people.exitCode).toBe(1);
    expect(people.stdout).toMatch(/^Database test_/);
    expect(people.stdout).toMatch(/CREATE INDEX CONCURRENTLY/);
    expect(people.stdout).not.toContain("secret-value");

    const programs = await doctor(database, [...argv, "--json", "--fail-on", "never"]);
    expect(programs.exitCode).toBe(0);
    expect(programs.stdout).not.toContain("secret-value");
    expect(JSON.parse(await readFile(target, "utf8"))).toEqual(JSON.parse(programs.stdout));

    expect((await doctor(database, [...argv, "--sql"])).stdout).not.toContain("secret-value");
  },
);

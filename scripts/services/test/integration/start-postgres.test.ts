import { readFile, stat } from "node:fs/promises";
import { bringPostgresMajor, componentSkips, startPostgres } from "@upshift/services";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

async function rowsOf(url: string, statement: string): Promise<readonly unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(statement)).rows;
  } finally {
    await client.end();
  }
}

describe("a server of our own", () => {
  let server: Awaited<ReturnType<typeof startPostgres>>;
  beforeAll(async () => {
    server = await startPostgres({ settings: { log_statement: "all", work_mem: "5MB" } });
  });
  afterAll(() => server.stop());

  test("has the settings it was given, and pg_stat_statements", async () => {
    const settings =
      "SELECT current_setting('work_mem') AS work_mem, version() ~ '^PostgreSQL 18' AS is18";
    expect(await rowsOf(server.url(), settings)).toEqual([{ work_mem: "5MB", is18: true }]);
    await rowsOf(server.url(), "CREATE EXTENSION pg_stat_statements");
    const [counted] = await rowsOf(
      server.url(),
      "SELECT count(*) > 0 AS some FROM pg_stat_statements",
    );
    expect(counted).toEqual({ some: true });
    expect(await server.readLog()).toContain("CREATE EXTENSION pg_stat_statements");
  });

  test("refuses a wrong password, and a stranger on the machine", async () => {
    const wrong = server.url("postgres", "postgres", "wrong");
    await expect(rowsOf(wrong, "SELECT 1")).rejects.toThrow(/password authentication failed/);
    await rowsOf(server.url(), "CREATE ROLE reader LOGIN PASSWORD 'p:@/?'");
    expect(await rowsOf(server.url("postgres", "reader", "p:@/?"), "SELECT 1 AS one")).toEqual([
      { one: 1 },
    ]);
  });

  test("keeps its files to itself", async () => {
    expect((await stat(server.dataDirectory)).mode & 0o077).toBe(0);
    expect(await readFile(`${server.dataDirectory}/PG_VERSION`, "utf8")).toBe("18\n");
  });
});

const MAJORS = [14, 15, 16, 17] as const;
const skips = await componentSkips("PostgreSQL 14 to 17", () =>
  Promise.all(MAJORS.map((major) => bringPostgresMajor(major))),
);

describe.skipIf(skips.isMissing)("older servers", () => {
  test.each(MAJORS)("PostgreSQL %i starts and says so", async (major) => {
    const server = await startPostgres({ major });
    try {
      const [row] = await rowsOf(
        server.url(),
        "SELECT current_setting('server_version_num')::int / 10000 AS major",
      );
      expect(row).toEqual({ major });
    } finally {
      await server.stop();
    }
  });
});

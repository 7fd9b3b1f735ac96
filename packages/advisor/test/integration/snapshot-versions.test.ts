import {
  bringPostgresMajor,
  componentSkips,
  type PostgresMajor,
  startPostgres,
} from "@upshift/services";
import { describe, expect, test } from "vitest";
import { snapshotStatements } from "../../src/snapshot/snapshot-statements.ts";
import { ODD_SCHEMA } from "../odd-schema.ts";
import { snapshotOf, withClient } from "../snapshot-of.ts";

const OLD_MAJORS: readonly PostgresMajor[] = [14, 15, 16, 17];
/** Servers of four more versions are fetched and started: too much for every run on a laptop. */
const majors = process.env["UPSHIFT_TEST_SCALE"] === "full" ? OLD_MAJORS : [];

for (const major of majors) {
  const skips = await componentSkips(`a snapshot of PostgreSQL ${major}`, () =>
    bringPostgresMajor(major),
  );
  describe.skipIf(skips.isMissing)(`PostgreSQL ${major}`, () => {
    test(
      "gives a whole snapshot of the schema that has everything",
      { timeout: 120_000 },
      async () => {
        const server = await startPostgres({ major });
        try {
          await withClient(server.url(), async (client) => {
            await client.query(ODD_SCHEMA);
            await client.query("CREATE EXTENSION pg_stat_statements SCHEMA other");
            await client.query("SELECT * FROM orders WHERE user_id = 5");
          });
          const snapshot = await snapshotOf(server.url());
          expect(snapshot.visibility.hidden).toEqual([]);
          expect(Math.floor(snapshot.server.versionNumber / 10_000)).toBe(major);
          expect(snapshot.workload.queries.map(({ text }) => text)).toContain(
            "SELECT * FROM orders WHERE user_id = $1",
          );
          const counts = Object.fromEntries(
            Object.entries(snapshot).flatMap(([part, value]) =>
              Array.isArray(value) ? [[part, value.length]] : [],
            ),
          );
          // NOT NULL constraints are rows of pg_constraint from 18 on.
          expect({ ...counts, settings: 0 }).toMatchObject({
            relations: 11,
            indexes: 15,
            types: 5,
            functions: 1,
            collations: 1,
            views: 2,
            extendedStatistics: 1,
            constraints: 6,
          });
          expect(snapshot.extendedStatistics[0]).toMatchObject({ ndistinct: '{"2, 3": 1000}' });
          const redacted = await snapshotOf(server.url(), { values: "redacted" });
          expect(redacted.values).toBe("redacted");
          await withClient(server.url(), async (client) => {
            for (const { text } of snapshotStatements(snapshot.server.versionNumber)) {
              await client.query(
                text.replace("public.pg_stat_statements", "other.pg_stat_statements"),
              );
            }
          });
        } finally {
          await server.stop();
        }
      },
    );
  });
}

test("every statement for the newest server runs as it is printed", async () => {
  const { createTestDatabase } = await import("@upshift/services");
  const database = await createTestDatabase();
  try {
    await database.query("CREATE EXTENSION pg_stat_statements");
    const statements = snapshotStatements(180_000);
    await withClient(database.url, async (client) => {
      for (const { text } of statements) await client.query(text);
    });
    const sent: string[] = [];
    await snapshotOf(database.url, { onStatement: (text) => sent.push(text) });
    const printed = new Set(statements.map(({ text }) => text));
    expect(sent.filter((text) => !printed.has(text) && text !== "ROLLBACK")).toEqual([]);
  } finally {
    await database.drop();
  }
});

test("a server before 14 is refused by its version alone", async () => {
  const { takeSnapshot } = await import("../../src/snapshot/take-snapshot.ts");
  const sent: string[] = [];
  const taking = takeSnapshot({
    query: (text) => {
      sent.push(text);
      const rows = text.startsWith("SELECT")
        ? [{ row: '{"version":"13.16","number":130016}' }]
        : [];
      return Promise.resolve({ rows });
    },
  });
  await expect(taking).rejects.toThrow(/13\.16/);
  await expect(taking).rejects.toMatchObject({ code: "UPSHIFT_SERVER_TOO_OLD" });
  expect(sent.filter((text) => text.startsWith("SELECT"))).toHaveLength(1);
});

import { createTestDatabase } from "@upshift/services";
import { expect, test } from "vitest";

test("a test database is empty, separate from its siblings, and gone after drop", async () => {
  const first = await createTestDatabase();
  const second = await createTestDatabase();
  await first.query("CREATE TABLE only_here (id int)");
  const tables = "SELECT count(*)::int AS tables FROM pg_tables WHERE schemaname = 'public'";
  expect(await first.query(tables)).toEqual([{ tables: 1 }]);
  expect(await second.query(tables)).toEqual([{ tables: 0 }]);
  await first.drop();
  expect(
    await second.query("SELECT datname FROM pg_database WHERE datname = $1", [first.name]),
  ).toEqual([]);
  await second.drop();
});

test("a template is built once for many databases, also when they ask at the same time", async () => {
  let builds = 0;
  const template = {
    name: "counted",
    async build(url: string) {
      builds++;
      const { default: pg } = await import("pg");
      const client = new pg.Client({ connectionString: url });
      await client.connect();
      await client.query("CREATE TABLE filled AS SELECT generate_series(1, 100) AS id");
      await client.end();
    },
  };
  const databases = await Promise.all([1, 2, 3].map(() => createTestDatabase({ template })));
  for (const database of databases) {
    expect(await database.query("SELECT count(*)::int AS n FROM filled")).toEqual([{ n: 100 }]);
    await database.drop();
  }
  expect(builds).toBe(1);
});

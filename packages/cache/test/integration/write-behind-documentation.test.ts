import { readFile } from "node:fs/promises";
import * as postgresPackage from "@upshift/postgres";
import * as redisPackage from "@upshift/redis";
import {
  bringRedis,
  componentSkips,
  createTestDatabase,
  type RedisServer,
  startRedis,
  type TestDatabase,
} from "@upshift/services";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as cachePackage from "../../src/index.ts";

const skips = await componentSkips("Redis", bringRedis);
const PAGE = new URL("../../../../docs/patterns/write-behind.md", import.meta.url);

describe.skipIf(skips.isMissing)("documentation of write-behind", () => {
  let server: RedisServer;
  let database: TestDatabase;
  const opened: { close(): Promise<void> }[] = [];
  beforeAll(async () => {
    [server, database] = await Promise.all([startRedis(), createTestDatabase()]);
  });
  afterAll(async () => {
    for (const each of opened.toReversed()) await each.close();
    await server?.stop();
    await database?.drop();
  });

  /** Closed after the test, whatever the example does. */
  function noted<Args extends readonly unknown[], T extends { close(): Promise<void> }>(
    create: (...args: Args) => T,
  ): (...args: Args) => T {
    return (...args) => {
      const created = create(...args);
      opened.push(created);
      return created;
    };
  }

  it("opens with an example and a trigger that do what they say", async () => {
    const page = await readFile(PAGE, "utf8");
    const example = /```ts\n(.*?)```/s.exec(page)?.[1] ?? "";
    const guard = /```sql\n(.*?)```/s.exec(page)?.[1] ?? "";
    await database.query(
      `CREATE TABLE article (id text PRIMARY KEY, title text NOT NULL, views int NOT NULL); ${guard}`,
    );
    const code = example
      .replaceAll(/import .*?;\n/g, "")
      .replace("(id: string)", "(id)")
      .replace("await articles.get", "const seen = await articles.get");
    const given = {
      process: { env: { REDIS_URL: server.url, DATABASE_URL: database.url } },
      createCache: noted(cachePackage.createCache),
      writeBehind: cachePackage.writeBehind,
      createPool: noted(postgresPackage.createPool),
      upsertMany: postgresPackage.upsertMany,
      connectRedis: noted(redisPackage.connectRedis),
    };
    // oxlint-disable-next-line typescript/no-implied-eval
    const run = new Function(
      ...Object.keys(given),
      `return (async () => { ${code}\nreturn { articles, seen }; })()`,
    ) as (...args: readonly unknown[]) => Promise<{
      articles: cachePackage.Definition<string, { title: string; views: number }>;
      seen: unknown;
    }>;
    const { articles, seen } = await run(...Object.values(given));
    expect(seen).toEqual({ title: "On leases", views: 1 });
    expect(articles.pending?.gauges()).toMatchObject({ writtenCount: 1, coveredCount: 2 });
    const [row] = await database.query("SELECT * FROM article");
    expect(row).toMatchObject({ id: "7", title: "On leases", views: 1 });

    await database.query("UPDATE article SET views = 99, sequence = sequence - 1 WHERE id = '7'");
    expect(await database.query("SELECT views FROM article")).toEqual([{ views: 1 }]);
    await database.query("UPDATE article SET title = 'By hand' WHERE id = '7'");
    expect(await database.query("SELECT title FROM article")).toEqual([{ title: "By hand" }]);
  });

  it("names every option", async () => {
    const page = await readFile(PAGE, "utf8");
    const source = await readFile(
      new URL("../../src/write-behind/write-behind-options.ts", import.meta.url),
      "utf8",
    );
    const declared = source.slice(source.indexOf("interface"), source.indexOf("\n}\n"));
    for (const [, option = ""] of declared.matchAll(/readonly (\w+)\?:/g))
      expect(page.includes(`\`${option}`) || ["min", "max"].includes(option), option).toBe(true);
  });
});

import { createTestDatabase, type TestDatabase } from "@upshift/services";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { all, changeTriggerSql, createCache, key, watchChanges } from "../../src/index.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  await database.query('CREATE TABLE "Product" (id int PRIMARY KEY, shelf text, name text)');
  await database.query(
    "INSERT INTO \"Product\" SELECT n, 's' || n % 3, 'p' || n FROM generate_series(1, 50) AS n",
  );
  const sql = changeTriggerSql({ table: "Product", columns: ["id"], mostRows: 10 });
  // A migration may run twice.
  await database.query(sql);
  await database.query(sql);
});
afterAll(async () => {
  await database?.drop();
});

async function watched() {
  const cache = createCache();
  const products = cache.define("product", {
    load: async (id: number) => {
      const rows = await database.query('SELECT name FROM "Product" WHERE id = $1', [id]);
      return rows[0]?.["name"];
    },
  });
  const errors: unknown[] = [];
  const missed: (string | undefined)[] = [];
  const watch = watchChanges(cache, {
    connect: () => new Client(database.url),
    targets: ({ before, after }) => {
      const id = (before ?? after)?.["id"];
      return typeof id === "number" ? key(products, id) : [];
    },
    missed: (table) => {
      missed.push(table);
      return all();
    },
    onError: (error) => errors.push(error),
  });
  await watch.ready;
  return { cache, products, watch, errors, missed };
}

describe("rows that others write", () => {
  it("are invalidated by insert, update, delete and truncate, when they commit", async () => {
    const { cache, products, watch } = await watched();
    try {
      const [first, absent, third] = [
        await products.get(1),
        await products.get(99),
        await products.get(3),
      ];
      expect([first, absent, third]).toEqual(["p1", undefined, "p3"]);
      await database.query("UPDATE \"Product\" SET name = 'new' WHERE id = 1");
      await vi.waitFor(async () => expect(await products.get(1)).toBe("new"), 10_000);
      expect(products.peek(3)).toBe("p3");
      await database.query("INSERT INTO \"Product\" VALUES (99, 's', 'late')");
      await vi.waitFor(async () => expect(await products.get(99)).toBe("late"), 10_000);
      await database.query('DELETE FROM "Product" WHERE id = 99');
      await vi.waitFor(async () => expect(await products.get(99)).toBeUndefined(), 10_000);
    } finally {
      await watch.close();
      await cache.close();
    }
  });

  it("of a statement that changes many say so once", async () => {
    const { cache, products, watch, missed } = await watched();
    try {
      await products.get(2);
      missed.length = 0;
      await database.query("UPDATE \"Product\" SET shelf = 'x'");
      await vi.waitFor(() => expect(missed).toContain("Product"), 10_000);
      await vi.waitFor(() => expect(products.peek(2)).toBeUndefined(), 10_000);
    } finally {
      await watch.close();
      await cache.close();
    }
  });

  it("that were written while nobody listened are not believed once the connection is back", async () => {
    const { cache, products, watch, missed } = await watched();
    try {
      expect(await products.get(5)).toBe("p5");
      missed.length = 0;
      await database.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND datname = current_database()",
      );
      await database.query("UPDATE \"Product\" SET name = 'meanwhile' WHERE id = 5");
      await vi.waitFor(() => expect(missed).toEqual([undefined]), 10_000);
      await vi.waitFor(async () => expect(await products.get(5)).toBe("meanwhile"), 10_000);
    } finally {
      await watch.close();
      await cache.close();
    }
  });

  it("with columns too long to announce are announced as a changed table, and the transaction commits", async () => {
    await database.query("CREATE TABLE long (id text)");
    await database.query(changeTriggerSql({ table: "long", columns: ["id"] }));
    const { cache, watch, missed } = await watched();
    try {
      await database.query("INSERT INTO long VALUES (repeat('x', 9000))");
      await vi.waitFor(() => expect(missed).toContain("long"), 10_000);
    } finally {
      await watch.close();
      await cache.close();
    }
  });

  it("are watched until close, which leaves no connection", async () => {
    const { cache, watch } = await watched();
    await watch.close();
    await cache.close();
    await vi.waitFor(async () => {
      const rows = await database.query(
        "SELECT count(*)::int AS n FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND datname = current_database()",
      );
      expect(rows).toEqual([{ n: 0 }]);
    }, 10_000);
  });
});

it("names that are none are refused", () => {
  expect(() => changeTriggerSql({ table: "", columns: ["id"] })).toThrow("names of a table");
  expect(() => changeTriggerSql({ table: "t", columns: [] })).toThrow("columns");
  expect(() => changeTriggerSql({ table: "x".repeat(60), columns: ["id"] })).toThrow("54 bytes");
});

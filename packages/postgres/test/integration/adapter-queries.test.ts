import { createTestDatabase, type TestDatabase } from "@upshift/services";
import { and, eq, gt, sql as drizzleSql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/node-postgres";
import { drizzle as drizzleOnPostgresJs } from "drizzle-orm/postgres-js";
import { integer, pgTable, text } from "drizzle-orm/pg-core";
import { CamelCasePlugin, Kysely, PostgresDialect, sql as kyselySql } from "kysely";
import { Pool } from "pg";
import postgres from "postgres";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { fromDrizzle, sqlFromDrizzle } from "../../src/adapters/drizzle.ts";
import { fromKysely, sqlFromKysely } from "../../src/adapters/kysely.ts";
import { fromPostgresJs } from "../../src/adapters/postgres-js.ts";
import { keysetRows, sql, streamRows, upsertMany } from "../../src/index.ts";
import { pageExample, regionOf } from "../page-example.ts";

const sent: unknown[] = [];
const send = (product: unknown): void => void sent.push(product);

interface Shop {
  products: { sku: string; price: number; stock: number | null };
}

let database: TestDatabase;
let url: string;
let pool: Pool;
beforeAll(async () => {
  database = await createTestDatabase();
  ({ url } = database);
  pool = new Pool({ connectionString: url, max: 3 });
  await pool.query("CREATE TABLE products (sku text PRIMARY KEY, price int NOT NULL, stock int)");
});
beforeEach(async () => {
  sent.length = 0;
  await pool.query("TRUNCATE products");
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

const products = async () => (await pool.query("SELECT * FROM products ORDER BY sku")).rows;
const rowsOf = (piece: { compile(): { text: string; values: readonly unknown[] } }) => {
  const { text: statement, values } = piece.compile();
  return pool.query(statement, [...values]).then(({ rows }) => rows as unknown[]);
};
const SOME = [
  { sku: "a", price: 1, stock: null },
  { sku: "b", price: 2, stock: 5 },
  { sku: "c", price: 3, stock: 0 },
];
const someProducts = () => upsertMany(pool, "products", SOME, { conflict: ["sku"] });

describe("postgres.js", () => {
  test("the example of the page", async () => {
    // example: postgres.js
    const client = postgres(url);
    const db = fromPostgresJs(client);

    await upsertMany(db, "products", [{ sku: "a", price: 3 }], { conflict: ["sku"] });

    await client.begin(async (tx) => {
      await tx`UPDATE products SET stock = 0`;
      await upsertMany(fromPostgresJs(tx), "products", [{ sku: "b", price: 4 }], {
        conflict: ["sku"],
      });
    });

    for await (const product of streamRows(db, sql`SELECT * FROM products WHERE price > ${3}`)) {
      send(product);
    }
    // end
    expect(sent).toEqual([{ sku: "b", price: 4, stock: null }]);
    expect(await products()).toEqual([
      { sku: "a", price: 3, stock: 0 },
      { sku: "b", price: 4, stock: null },
    ]);
    await client.end();
    expect(await pageExample("adapters.md", 0)).toBe(
      await regionOf(import.meta.filename, "postgres.js"),
    );
  });

  test("inside of its transaction a part that fails is undone alone, and the rest is kept", async () => {
    const client = postgres(url, { max: 1 });
    await client.begin(async (tx) => {
      const db = fromPostgresJs(tx);
      await upsertMany(db, "products", [{ sku: "kept", price: 1 }], { conflict: ["sku"] });
      const failing = upsertMany(
        db,
        "products",
        [
          { sku: "lost", price: 1 },
          { sku: "bad", price: null },
        ],
        { conflict: ["sku"] },
      );
      await expect(failing).rejects.toMatchObject({ code: "UPSHIFT_BAD_ROW" });
    });
    expect(await products()).toMatchObject([{ sku: "kept" }]);
    await client.end();
  });

  test("what is known of a table need not be read again in each transaction", async () => {
    const statements: string[] = [];
    const client = postgres(url, { max: 1, debug: (_, statement) => statements.push(statement) });
    const db = fromPostgresJs(client);
    const upsert = (of: object) =>
      client.begin((tx) =>
        upsertMany(fromPostgresJs(tx, of), "products", [{ sku: "a", price: 1 }], {
          conflict: ["sku"],
        }),
      );
    const catalogReads = () => statements.filter((each) => each.includes("uniqueKeys")).length;
    await upsert({ of: db });
    const before = catalogReads();
    await upsert({ of: db });
    expect(catalogReads()).toBe(before);
    await upsert({});
    expect(catalogReads()).toBeGreaterThan(before);
    await client.end();
  });

  test("a client that renames columns is refused", async () => {
    const client = postgres(url, { transform: postgres.camel });
    expect(() => fromPostgresJs(client)).toThrow(/without `transform`/);
    await client.end();
  });
});

const openKysely = () =>
  new Kysely<Shop>({
    dialect: new PostgresDialect({ pool: new Pool({ connectionString: url, max: 2 }) }),
  });

describe("Kysely", () => {
  test("the example of the page", async () => {
    const db = openKysely();
    await someProducts();
    // example: Kysely
    const cheap = db.selectFrom("products").select(["sku", "price"]).where("price", "<", 3);
    for await (const product of streamRows(fromKysely(db), sqlFromKysely(cheap))) {
      send(product);
    }

    await db.transaction().execute(async (trx) => {
      await trx.updateTable("products").set({ stock: 0 }).execute();
      await upsertMany(fromKysely(trx), "products", [{ sku: "b", price: 4 }], {
        conflict: ["sku"],
      });
    });
    // end
    expect(sent).toEqual([
      { sku: "a", price: 1 },
      { sku: "b", price: 2 },
    ]);
    expect(await products()).toMatchObject([{ stock: 0 }, { price: 4, stock: 0 }, { stock: 0 }]);
    await db.destroy();
    expect(await pageExample("adapters.md", 1)).toBe(
      await regionOf(import.meta.filename, "Kysely"),
    );
  });

  test("queries, expressions and its own sql become pieces with their values", async () => {
    const db = openKysely();
    await someProducts();
    const query = db
      .selectFrom("products")
      .selectAll()
      .where("sku", "in", ["a", "c"])
      .where("price", ">", 1);
    expect(
      await rowsOf(
        sql`SELECT x.sku, ${7}::int AS n FROM (${sqlFromKysely(query)}) AS x WHERE x.price < ${9}`,
      ),
    ).toEqual([{ sku: "c", n: 7 }]);
    const piece = sqlFromKysely(kyselySql`price = ${2} OR sku = ${"$1"}`, db);
    expect(await rowsOf(sql`SELECT sku FROM products WHERE sku <> ${"z"} AND (${piece})`)).toEqual([
      { sku: "b" },
    ]);
    const expressions: ReturnType<typeof sqlFromKysely>[] = [];
    db.selectFrom("products").where((eb) => {
      const expression = eb.and([eb("price", ">", 1), eb("stock", "=", 0)]);
      expressions.push(sqlFromKysely(expression, db));
      return expression;
    });
    const [where = sql`false`] = expressions;
    const seen: unknown[] = [];
    for await (const { sku } of keysetRows<{ sku: string }>(fromKysely(db), {
      from: "products",
      order: ["sku"],
      where,
    }))
      seen.push(sku);
    expect(seen).toEqual(["c"]);
    await db.destroy();
  });

  test("plugins do not rename the columns that the package asks for; in pieces they apply", async () => {
    const db = openKysely().withPlugin(new CamelCasePlugin());
    expect((await fromKysely(db).query("SELECT 1 AS snake_case")).rows).toEqual([
      { snake_case: 1 },
    ]);
    expect(
      sqlFromKysely(kyselySql`${kyselySql.ref("camelCase")} = 1`, db).compile().text,
    ).toContain('"camel_case"');
    await db.destroy();
  });

  test("an expression without its database is refused", () => {
    expect(() => sqlFromKysely({ toOperationNode: () => ({}) })).toThrow(/expression and `db`/);
    expect(() => sqlFromKysely({ sql: "1; DROP TABLE products", parameters: [] } as never)).toThrow(
      /a query of Kysely/,
    );
  });
});

const upsertLost = (tx: Parameters<typeof fromDrizzle>[0]) =>
  upsertMany(fromDrizzle(tx), "products", [{ sku: "lost", price: 1 }], { conflict: ["sku"] });

describe("Drizzle", () => {
  const table = pgTable("products", {
    sku: text().primaryKey(),
    price: integer().notNull(),
    stock: integer(),
  });

  test("the example of the page", async () => {
    const productsTable = table;
    await someProducts();
    // example: Drizzle
    const db = drizzle(pool);
    const cheap = db.select().from(productsTable).where(gt(productsTable.price, 1));
    for await (const product of streamRows(fromDrizzle(db), sqlFromDrizzle(cheap))) {
      send(product);
    }

    await db.transaction(async (tx) => {
      await tx.update(productsTable).set({ stock: 0 });
      await upsertMany(fromDrizzle(tx), "products", [{ sku: "b", price: 4 }], {
        conflict: ["sku"],
      });
    });
    // end
    expect(sent).toEqual(SOME.slice(1));
    expect(await products()).toMatchObject([{ stock: 0 }, { price: 4, stock: 0 }, { stock: 0 }]);
    expect(await pageExample("adapters.md", 2)).toBe(
      await regionOf(import.meta.filename, "Drizzle"),
    );
  });

  test("queries and conditions become pieces with their values", async () => {
    await someProducts();
    const db = drizzle(pool, { casing: "snake_case" });
    const query = db.select({ sku: table.sku }).from(table).where(gt(table.price, 1));
    expect(
      await rowsOf(sql`SELECT x.sku FROM (${sqlFromDrizzle(query)}) AS x WHERE x.sku < ${"c"}`),
    ).toEqual([{ sku: "b" }]);
    const condition = and(eq(table.stock, 0), drizzleSql`${table.sku} <> ${"it's $1"}`);
    if (condition === undefined) throw new Error("there is one");
    for (const piece of [sqlFromDrizzle(condition), sqlFromDrizzle(condition, db)]) {
      expect(await rowsOf(sql`SELECT sku FROM products WHERE ${piece}`)).toEqual([{ sku: "c" }]);
    }
  });

  test("an open placeholder is refused", () => {
    expect(() => sqlFromDrizzle(eq(table.price, drizzleSql.placeholder("price")))).toThrow(
      /all its values/,
    );
  });

  test("a transaction's part is in it, on pg and on postgres.js", async () => {
    const client = postgres(url, { max: 1 });
    for (const run of [
      () =>
        drizzle(pool).transaction(async (tx) => {
          await upsertLost(tx);
          tx.rollback();
        }),
      () =>
        drizzleOnPostgresJs(client).transaction(async (tx) => {
          await upsertLost(tx);
          tx.rollback();
        }),
    ]) {
      await expect(run()).rejects.toThrow("Rollback");
      expect(await products()).toEqual([]);
    }
    await client.end();
  });

  test("with another driver it goes through Drizzle's session", async () => {
    const session = {
      prepareQuery: ({ sql: statement, params }: { sql: string; params: unknown[] }) => ({
        execute: () => pool.query(statement, params),
      }),
    };
    const db = fromDrizzle({ _: { session } });
    expect(await db.query("SELECT $1::int AS n", [1])).toEqual({ rows: [{ n: 1 }], rowCount: 1 });
    expect(() => fromDrizzle({} as never)).toThrow(/Drizzle on PostgreSQL/);
  });
});

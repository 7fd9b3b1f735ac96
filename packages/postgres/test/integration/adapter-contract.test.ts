import { PGlite } from "@electric-sql/pglite";
import { createTestDatabase, type TestDatabase } from "@upshift/services";
import { drizzle } from "drizzle-orm/node-postgres";
import { drizzle as drizzleOnPglite } from "drizzle-orm/pglite";
import { drizzle as drizzleOnPostgresJs } from "drizzle-orm/postgres-js";
import { CamelCasePlugin, Kysely, PostgresDialect } from "kysely";
import { Client, Pool } from "pg";
import postgres from "postgres";
import { afterAll, beforeAll } from "vitest";
import { fromDrizzle } from "../../src/adapters/drizzle.ts";
import { fromKysely } from "../../src/adapters/kysely.ts";
import { fromPostgresJs } from "../../src/adapters/postgres-js.ts";
import { queryableContract, type Subject } from "../queryable-contract.ts";

let database: TestDatabase;
let lite: PGlite;
beforeAll(async () => {
  [database, lite] = await Promise.all([createTestDatabase(), PGlite.create()]);
});
afterAll(async () => {
  await lite.close();
  await database.drop();
});

const MAX = 3;
const aside: Subject["aside"] = async (text, values) => [...(await database.query(text, values))];
const newPool = (): Pool => {
  const pool = new Pool({ connectionString: database.url, max: MAX });
  // A backend that dies while its connection is idle.
  pool.on("error", () => undefined);
  // Kysely holds clients without a listener; a backend that dies then would end the process.
  pool.on("connect", (client) => client.on("error", () => undefined));
  return pool;
};
const ONE_PROCESS = {
  "an aborted statement is cancelled on the server": "PGlite has no second connection",
  "a connection killed while it is idle": "PGlite has no backend of its own to kill",
  "a connection killed while a statement runs": "PGlite has no backend of its own to kill",
} as const;
const DATES_ARE_TEXT = "Drizzle makes this driver take and give dates and json as text";
// postgres.js waits for ever in `end()` once a connection was lost while it ran a statement: hence the timeout where it is closed.
const POSTGRES_JS_KILLED = {
  "a connection killed while a statement runs":
    "postgres.js 3.4.9 gives the old error to the next statement in that place of its pool",
} as const;
const OWN_CONNECTION = "a connection of the caller cannot be replaced";

queryableContract("pg Pool", async () => {
  const pool = newPool();
  return { db: pool, close: () => pool.end(), aside };
});

queryableContract(
  "pg Client",
  async () => {
    const client = new Client({ connectionString: database.url });
    await client.connect();
    return { db: client, close: () => client.end(), aside };
  },
  {
    "a connection killed while it is idle": OWN_CONNECTION,
    "a connection killed while a statement runs": OWN_CONNECTION,
  },
);

queryableContract("PGlite", async () => ({ db: lite, close: async () => undefined }), {
  ...ONE_PROCESS,
  "prepared statements": "PGlite prepares nothing by name",
});

queryableContract(
  "postgres.js",
  async () => {
    const sql = postgres(database.url, { max: MAX, onnotice: () => undefined });
    return { db: fromPostgresJs(sql), close: () => sql.end({ timeout: 1 }), aside };
  },
  POSTGRES_JS_KILLED,
);

queryableContract(
  "Kysely",
  async () => {
    const db = new Kysely<unknown>({
      dialect: new PostgresDialect({ pool: newPool() }),
      plugins: [new CamelCasePlugin()],
    });
    return { db: fromKysely(db), close: () => db.destroy(), aside };
  },
  { "prepared statements": "Kysely passes no name of a statement on" },
);

queryableContract("Drizzle on pg", async () => {
  const pool = newPool();
  return { db: fromDrizzle(drizzle(pool)), close: () => pool.end(), aside };
});

queryableContract(
  "Drizzle on postgres.js",
  async () => {
    const sql = postgres(database.url, { max: MAX, onnotice: () => undefined });
    return {
      db: fromDrizzle(drizzleOnPostgresJs(sql)),
      close: () => sql.end({ timeout: 1 }),
      aside,
    };
  },
  { "dates and json values": DATES_ARE_TEXT, ...POSTGRES_JS_KILLED },
);

queryableContract(
  "Drizzle on PGlite",
  async () => ({ db: fromDrizzle(drizzleOnPglite(lite)), close: async () => undefined }),
  { ...ONE_PROCESS, "prepared statements": "PGlite prepares nothing by name" },
);

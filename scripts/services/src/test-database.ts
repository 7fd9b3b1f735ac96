import { randomBytes } from "node:crypto";
import { Client, escapeIdentifier } from "pg";
import { databaseUrl } from "./database-url.ts";

export interface TestTemplate {
  /** Names the template for the whole test run; equal names must mean equal contents. */
  readonly name: string;
  /** Fills the template, once per test run. All its connections must be closed when it resolves. */
  build(url: string): Promise<void>;
}

/** A database of one test file on the server of the test run. */
export interface TestDatabase {
  readonly name: string;
  /** As the superuser `postgres`. */
  readonly url: string;
  /** The same database as another role, which the test has created. */
  urlAs(user: string, password?: string): string;
  /** One statement, or several without values, on a connection of its own. */
  query(
    text: string,
    values?: readonly unknown[],
  ): Promise<readonly Readonly<Record<string, unknown>>[]>;
  drop(): Promise<void>;
}

/**
 * Creates a database on the server of this vitest run (`vitest-global-setup.ts` starts it).
 *
 * Without a template it is empty, as `CREATE DATABASE` makes it. With one, it is a file copy of a database that is
 * built by the first file that asks for it.
 */
export async function createTestDatabase(
  options: { readonly template?: TestTemplate } = {},
): Promise<TestDatabase> {
  const serverUrl = await testServerUrl();
  const source =
    options.template === undefined ? "template1" : await template(serverUrl, options.template);
  const name = `test_${randomBytes(6).toString("hex")}`;
  await execute(serverUrl, `CREATE DATABASE ${name} TEMPLATE ${escapeIdentifier(source)}`);
  const url = databaseUrl(serverUrl, { database: name });
  return {
    name,
    url,
    urlAs: (user, password) => databaseUrl(serverUrl, { database: name, user, password }),
    query: (text, values) => execute(url, text, values),
    async drop() {
      await execute(serverUrl, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    },
  };
}

/** URL of the test run's server, database `postgres`, superuser. For roles and settings of the whole server. */
export async function testServerUrl(): Promise<string> {
  // Imported late: outside of a test run vitest refuses to be loaded.
  const { inject } = await import("vitest");
  return inject("upshiftPostgresUrl");
}

/** Builds the template unless another file of this run did; files wait for each other on an advisory lock. */
async function template(serverUrl: string, options: TestTemplate): Promise<string> {
  const name = `template_${options.name}`;
  const client = new Client({ connectionString: serverUrl });
  await client.connect();
  try {
    await client.query("SELECT pg_advisory_lock(hashtext($1))", [name]);
    const known = await client.query("SELECT datistemplate FROM pg_database WHERE datname = $1", [
      name,
    ]);
    if (known.rows[0]?.datistemplate === true) return name;
    const quoted = escapeIdentifier(name);
    // A database that is not marked yet is what a failed build left.
    await client.query(`DROP DATABASE IF EXISTS ${quoted} WITH (FORCE)`);
    await client.query(`CREATE DATABASE ${quoted}`);
    await options.build(databaseUrl(serverUrl, { database: name }));
    await client.query(`ALTER DATABASE ${quoted} WITH IS_TEMPLATE true ALLOW_CONNECTIONS false`);
    return name;
  } finally {
    await client.end();
  }
}

async function execute(
  url: string,
  text: string,
  values?: readonly unknown[],
): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const result = await client.query<Record<string, unknown>>(
      text,
      values === undefined ? undefined : [...values],
    );
    return result.rows;
  } finally {
    await client.end();
  }
}

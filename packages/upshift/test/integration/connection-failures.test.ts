import { createServer, type Server } from "node:net";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { freePort, type PostgresServer, startPostgres } from "@upshift/services";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { upshift } from "./upshift-process.ts";

// With everything in it that must be encoded in a URL.
const PASSWORD = "hunter2/@:%?# é";
const ENCODED = encodeURIComponent(PASSWORD);

let server: PostgresServer;
let folder: string;
let mute: Server;
let mutePort: number;

async function administer(...statements: readonly string[]): Promise<void> {
  const client = new Client({ connectionString: server.url() });
  await client.connect();
  for (const statement of statements) await client.query(statement);
  await client.end();
}

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "upshift-cli-"));
  server = await startPostgres({
    settings: { max_connections: "8", superuser_reserved_connections: "3", log_statement: "all" },
  });
  await administer(
    "CREATE ROLE app LOGIN PASSWORD 'hunter2/@:%?# é'",
    "CREATE ROLE sleeper NOLOGIN",
    "CREATE DATABASE shop OWNER app",
    "CREATE DATABASE closed",
    "REVOKE CONNECT ON DATABASE closed FROM PUBLIC",
    "CREATE DATABASE tls_only",
    "CREATE ROLE limited LOGIN CONNECTION LIMIT 0 PASSWORD 'hunter2'",
    "CREATE ROLE passwordless LOGIN",
  );
  const rules = path.join(server.dataDirectory, "pg_hba.conf");
  await writeFile(
    rules,
    `hostssl tls_only all all scram-sha-256\nhost shop,postgres,closed,nowhere all 127.0.0.1/32 scram-sha-256\nhost template1 all 127.0.0.1/32 trust\n`,
  );
  await administer("SELECT pg_reload_conf()");
  mute = createServer();
  await new Promise<void>((resolve) => {
    mute.listen(0, "127.0.0.1", resolve);
  });
  const address = mute.address();
  mutePort = typeof address === "object" && address !== null ? address.port : 0;
});

afterAll(async () => {
  mute.close();
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Each in place of `URL`: what is wrong, the error's code, and what its line must name. */
const FAILURES: readonly (readonly [string, () => Promise<string> | string, string, RegExp])[] = [
  [
    "another scheme",
    () => `mysql://app:${ENCODED}@127.0.0.1/shop`,
    "UPSHIFT_CONNECTION_URL_INVALID",
    /mysql:\/\//,
  ],
  [
    "a password that is not encoded",
    () => `postgres://app:${PASSWORD}@127.0.0.1/shop`,
    "UPSHIFT_CONNECTION_URL_INVALID",
    /percent-encoded|%25/,
  ],
  [
    "no server",
    async () => `postgres://app:${ENCODED}@127.0.0.1:${await freePort()}/shop`,
    "UPSHIFT_SERVER_UNREACHABLE",
    /No server answers at 127\.0\.0\.1:\d+/,
  ],
  [
    "an unknown host",
    () => `postgres://app:${ENCODED}@db.invalid/shop`,
    "UPSHIFT_SERVER_UNREACHABLE",
    /"db\.invalid" is not known/,
  ],
  [
    "no socket",
    () => `postgres://app:${ENCODED}@%2Fnowhere/shop`,
    "UPSHIFT_SERVER_UNREACHABLE",
    /\/nowhere\/\.s\.PGSQL\.5432/,
  ],
  [
    "a server that says nothing",
    () => `postgres://app:${ENCODED}@127.0.0.1:${mutePort}/shop?connect_timeout=1`,
    "UPSHIFT_SERVER_UNREACHABLE",
    /within 1 s/,
  ],
  [
    "a wrong password",
    () => server.url("shop", "app", "hunter2-wrong"),
    "UPSHIFT_AUTHENTICATION_FAILED",
    /password of user "app"/,
  ],
  [
    "no password",
    () => server.url("shop", "app"),
    "UPSHIFT_AUTHENTICATION_FAILED",
    /none was given/,
  ],
  [
    "an unknown role",
    () => server.url("shop", "nobody", PASSWORD),
    "UPSHIFT_AUTHENTICATION_FAILED",
    /user "nobody"/,
  ],
  [
    "a role that may not log in",
    () => server.url("template1", "sleeper"),
    "UPSHIFT_ACCESS_REJECTED",
    /may not log in/,
  ],
  [
    "an unknown database",
    () => server.url("nowhere", "app", PASSWORD),
    "UPSHIFT_DATABASE_UNAVAILABLE",
    /no database "nowhere"/,
  ],
  [
    "a database that is closed to the role",
    () => server.url("closed", "app", PASSWORD),
    "UPSHIFT_DATABASE_UNAVAILABLE",
    /GRANT CONNECT ON DATABASE "closed" TO "app"/,
  ],
  [
    "no entry in pg_hba.conf",
    () => server.url("template0", "app", PASSWORD),
    "UPSHIFT_ACCESS_REJECTED",
    /pg_hba\.conf/,
  ],
  [
    "TLS required",
    () => server.url("tls_only", "app", PASSWORD),
    "UPSHIFT_ACCESS_REJECTED",
    /pg_hba\.conf/,
  ],
  [
    "TLS that the server does not speak",
    () => `${server.url("shop", "app", PASSWORD)}?sslmode=require`,
    "UPSHIFT_TLS_FAILED",
    /does not speak TLS/,
  ],
  [
    "a role's connection limit",
    () => server.url("shop", "limited", "hunter2"),
    "UPSHIFT_TOO_MANY_CONNECTIONS",
    /no connection left/,
  ],
];

describe.each(FAILURES)("%s", (_, makeUrl, code, message) => {
  test("is one line that says what to do, exit code 2, JSON with the code, and no password", async () => {
    const url = await makeUrl();
    const { exitCode, stdout, stderr } = await upshift(["snapshot", "--json"], {
      environment: { DATABASE_URL: url },
    });
    expect(stderr).toMatch(/^error: [^\n]*\n$/);
    expect(stderr).toMatch(message);
    expect(exitCode).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({ schemaVersion: 1, error: { code } });
    expectNoPassword(stdout + stderr);
  });
});

test("too many connections is told as such", async () => {
  const clients = Array.from({ length: 5 }, () => new Client(server.url("shop", "app", PASSWORD)));
  for (const client of clients) await client.connect();
  try {
    const { exitCode, stderr } = await upshift([
      "snapshot",
      server.url("shop", "app", PASSWORD),
      "--quiet",
    ]);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/no connection left/);
    expectNoPassword(stderr);
  } finally {
    for (const client of clients) await client.end();
  }
});

/** The role and database that a snapshot was taken with. */
async function reached(
  argv: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<string> {
  const { exitCode, stdout, stderr } = await upshift(["snapshot", ...argv], { environment });
  expect(stderr.replaceAll(/^warning: .*\n/gm, "")).toBe("");
  expect(exitCode).toBe(0);
  expectNoPassword(stdout + stderr);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the snapshot's own tests check its shape
  const snapshot = JSON.parse(stdout) as {
    database: { name: string };
    visibility: { role: string };
  };
  return `${snapshot.visibility.role}@${snapshot.database.name}`;
}

describe("ways to say where", () => {
  test("an argument, with a warning about its password that does not repeat it", async () => {
    const url = server.url("shop", "app", PASSWORD);
    expect(await reached([url])).toBe("app@shop");
    const { stderr } = await upshift(["snapshot", url]);
    expect(stderr).toMatch(/^warning: The password in the argument/);
    expect((await upshift(["snapshot", url, "--quiet"])).stderr).toBe("");
  });

  test("DATABASE_URL, with parameters of other programs named and ignored", async () => {
    const environment = { DATABASE_URL: `${server.url("shop", "app", PASSWORD)}?schema=public` };
    expect(await reached([], environment)).toBe("app@shop");
    expect((await upshift(["snapshot"], { environment })).stderr).toMatch(/"schema".*ignored/);
  });

  test("PG* variables and a password file", async () => {
    const file = path.join(folder, "pgpass");
    const escaped = PASSWORD.replaceAll(/[\\:]/g, String.raw`\$&`);
    await writeFile(file, `127.0.0.1:${server.port}:shop:app:${escaped}\n`);
    const environment = {
      PGHOST: "127.0.0.1",
      PGPORT: String(server.port),
      PGUSER: "app",
      PGDATABASE: "shop",
      PGPASSFILE: file,
    };
    await chmod(file, 0o644);
    const refused = await upshift(["snapshot"], { environment });
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toMatch(/^warning: .*chmod 0600 .*\nerror: .*none was given.*\n$/);
    await chmod(file, 0o600);
    expect(await reached([], environment)).toBe("app@shop");
  });

  test("a service", async () => {
    const file = path.join(folder, "services.conf");
    await writeFile(
      file,
      `[shop]\nhost=127.0.0.1\nport=${server.port}\nuser=app\ndbname=shop\npassword=${PASSWORD}\n`,
    );
    expect(await reached(["--service", "shop"], { PGSERVICEFILE: file })).toBe("app@shop");
    expect(await reached([], { PGSERVICEFILE: file, PGSERVICE: "shop" })).toBe("app@shop");
  });

  test("several hosts: the first that answers", async () => {
    const url = `postgres://app:${ENCODED}@127.0.0.1:${await freePort()},127.0.0.1:${server.port}/shop`;
    expect(await reached([url])).toBe("app@shop");
  });
});

test("no password is in the server's log either", async () => {
  const log = (await readFile(server.logFile, "utf8")).replaceAll(/.*CREATE ROLE.*/g, "");
  expect(log.length).toBeGreaterThan(0);
  expectNoPassword(log);
});

function expectNoPassword(text: string): void {
  expect(text).not.toContain("hunter2");
  expect(text).not.toContain(ENCODED);
}

import { chmod, chown, copyFile, mkdir, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { type PostgresServer, startPostgres } from "@upshift/services";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hasOpenssl, makeAuthority, makeCertificate } from "./tls-certificates.ts";
import { upshift } from "./upshift-process.ts";

const canMakeCertificates = await hasOpenssl();
if (!canMakeCertificates) console.error("SKIPPED: TLS tests of the CLI, openssl is not installed");

let server: PostgresServer;
let folder: string;
let sockets: string;

async function administer(...statements: readonly string[]): Promise<void> {
  const client = new Client({
    host: sockets,
    port: server.port,
    user: "postgres",
    database: "postgres",
  });
  await client.connect();
  for (const statement of statements) await client.query(statement);
  await client.end();
}

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "upshift-tls-"));
  sockets = path.join(folder, "sockets");
  await chmod(folder, 0o755);
  await mkdir(sockets);
  await chmod(sockets, 0o777);
  server = await startPostgres({ settings: { unix_socket_directories: sockets } });
  const { dataDirectory } = server;
  await writeFile(
    path.join(dataDirectory, "pg_hba.conf"),
    [
      "local all all trust",
      "hostssl all certified all cert",
      "hostssl all app all trust",
      "hostnossl all plain all trust",
      "",
    ].join("\n"),
  );
  const reload = new Client({ connectionString: server.url() });
  await reload.connect();
  await reload.query("SELECT pg_reload_conf()");
  await reload.end();
  await administer(
    "CREATE ROLE app LOGIN",
    "CREATE ROLE plain LOGIN",
    "CREATE ROLE certified LOGIN",
  );
  if (!canMakeCertificates) return;

  await makeAuthority(folder, "authority");
  await makeAuthority(folder, "stranger");
  await makeCertificate(folder, { authority: "authority", name: "server", names: "DNS:localhost" });
  await makeCertificate(folder, { authority: "authority", name: "certified" });
  const { uid, gid } = await stat(dataDirectory);
  for (const file of ["server.crt", "server.key", "authority.crt"]) {
    const target = path.join(dataDirectory, file);
    await copyFile(path.join(folder, file), target);
    await chmod(target, 0o600);
    await chown(target, uid, gid);
  }
  await administer(
    "ALTER SYSTEM SET ssl_ca_file = 'authority.crt'",
    "ALTER SYSTEM SET ssl = on",
    "SELECT pg_reload_conf()",
  );
});

afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

interface Given {
  readonly host?: string;
  readonly user?: string;
  readonly mode?: string;
  readonly ca?: string;
  readonly more?: string;
}

/** `ok`, or the error's code. */
async function outcome(given: Given): Promise<string> {
  const { host = "localhost", user = "app", mode, ca, more = "" } = given;
  const parameters = [
    mode === undefined ? "" : `sslmode=${mode}`,
    ca === undefined ? "" : `sslrootcert=${path.join(folder, ca)}`,
    more,
  ].filter((parameter) => parameter !== "");
  const url = `postgres://${user}@${host}:${server.port}/postgres?${parameters.join("&")}`;
  const { exitCode, stdout } = await upshift(["snapshot", "--json", "--with-values", url]);
  const result: unknown = JSON.parse(stdout);
  if (exitCode === 0) return "ok";
  expect(result).toHaveProperty("error.code");
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- asserted in the line above
  return (result as { error: { code: string } }).error.code;
}

describe.skipIf(!canMakeCertificates)(
  "sslmode against a server whose certificate names localhost",
  () => {
    const TLS_FAILED = "UPSHIFT_TLS_FAILED";
    const REJECTED = "UPSHIFT_ACCESS_REJECTED";

    test.each<[Given, string]>([
      [{}, "ok"],
      [{ mode: "require" }, "ok"],
      [{ mode: "require", ca: "authority.crt" }, "ok"],
      [{ mode: "require", ca: "stranger.crt" }, TLS_FAILED],
      [{ mode: "verify-ca", ca: "authority.crt" }, "ok"],
      [{ mode: "verify-ca", ca: "authority.crt", host: "127.0.0.1" }, "ok"],
      [{ mode: "verify-ca", ca: "stranger.crt" }, TLS_FAILED],
      [{ mode: "verify-ca", ca: "missing.crt" }, "UPSHIFT_CONNECTION_SETTING_INVALID"],
      [{ mode: "verify-full", ca: "authority.crt" }, "ok"],
      [{ mode: "verify-full", ca: "authority.crt", host: "127.0.0.1" }, TLS_FAILED],
      [
        { mode: "verify-full", ca: "authority.crt", host: "localhost", more: "hostaddr=127.0.0.1" },
        "ok",
      ],
      [{ mode: "verify-full", more: "sslrootcert=system" }, TLS_FAILED],
      [{ mode: "disable" }, REJECTED],
      [{ mode: "allow" }, "ok"],
      [{ user: "plain", mode: "prefer" }, "ok"],
      [{ user: "plain", mode: "require" }, REJECTED],
      [{ mode: "require", more: "sslnegotiation=direct" }, "ok"],
      [{ mode: "require", more: "channel_binding=require" }, TLS_FAILED],
    ])("%j: %s", async (given, expected) => {
      expect(await outcome(given)).toBe(expected);
    });

    test("a client certificate", async () => {
      const files = `sslcert=${folder}/certified.crt&sslkey=${folder}/certified.key`;
      await chmod(path.join(folder, "certified.key"), 0o600);
      expect(await outcome({ user: "certified", mode: "require", more: files })).toBe("ok");
      expect(await outcome({ user: "certified", mode: "require" })).toBe(REJECTED);
      await chmod(path.join(folder, "certified.key"), 0o644);
      expect(await outcome({ user: "certified", mode: "require", more: files })).toBe(
        "UPSHIFT_CONNECTION_SETTING_INVALID",
      );
    });
  },
);

test("a Unix socket, in the URL and as PGHOST, whatever sslmode says", async () => {
  expect(await outcome({ host: encodeURIComponent(sockets), mode: "require" })).toBe("ok");
  const { exitCode } = await upshift(["snapshot", "--with-values"], {
    environment: {
      PGHOST: sockets,
      PGPORT: String(server.port),
      PGUSER: "app",
      PGDATABASE: "postgres",
    },
  });
  expect(exitCode).toBe(0);
});

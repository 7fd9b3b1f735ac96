import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import path from "node:path";
import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type ResolvedConnection, resolveConnection } from "./resolve-connection.ts";
import { tlsAttempts } from "./tls-attempts.ts";

let homeFolder: string;

beforeEach(async () => {
  homeFolder = await mkdtemp(path.join(tmpdir(), "upshift-home-"));
});

afterEach(async () => {
  await rm(homeFolder, { recursive: true });
});

interface Given {
  readonly url?: string;
  readonly service?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

async function resolve(given: Given): Promise<ResolvedConnection> {
  return await resolveConnection({
    homeFolder,
    url: given.url,
    service: given.service,
    environment: { PGSYSCONFDIR: homeFolder, ...given.environment },
  });
}

/** Host, port, database, user, password in one line. */
async function summary(given: Given): Promise<string> {
  const { settings, passwordFor } = await resolve(given);
  const [first] = settings.hosts;
  return `${settings.hosts.map(({ host, port }) => `${host}:${port}`).join(",")} ${settings.database} ${settings.user} ${passwordFor(first) ?? "-"}`;
}

describe("precedence", () => {
  const PG = {
    PGHOST: "pg-host",
    PGPORT: "6000",
    PGUSER: "pg-user",
    PGDATABASE: "pg-db",
    PGPASSWORD: "pg-pw",
  };

  test.each<[string, Given, string]>([
    ["PG* alone", { environment: PG }, "pg-host:6000 pg-db pg-user pg-pw"],
    [
      "DATABASE_URL before PG*, which fill the gaps",
      { environment: { ...PG, DATABASE_URL: "postgres://url-user@url-host/url-db" } },
      "url-host:6000 url-db url-user pg-pw",
    ],
    [
      "the argument before DATABASE_URL, of which nothing is taken",
      {
        url: "postgres://arg-host",
        environment: { DATABASE_URL: "postgres://u:p@url-host/url-db", PGUSER: "me" },
      },
      "arg-host:5432 me me -",
    ],
    [
      "--service before DATABASE_URL",
      {
        service: "shop",
        environment: { DATABASE_URL: "postgres://u:p@url-host/url-db", PGUSER: "me" },
      },
      "service-host:7000 shop-db me -",
    ],
    [
      "PGSERVICE after the URL, before PG*",
      { url: "postgres://u@arg-host", environment: { ...PG, PGSERVICE: "shop" } },
      "arg-host:7000 shop-db u pg-pw",
    ],
    [
      "a service named in the URL",
      { url: "postgres://?service=shop", environment: { PGUSER: "me" } },
      "service-host:7000 shop-db me -",
    ],
    ["several hosts share a port", { url: "host=a,b port=7 dbname=d user=u" }, "a:7,b:7 d u -"],
    ["a port per host", { url: "postgres://u@a:1,b:2/d" }, "a:1,b:2 d u -"],
    ["a missing port is 5432", { url: "postgres://u@a:1,b/d" }, "a:1,b:5432 d u -"],
    ["the database is the user where not given", { url: "postgres://u@a" }, "a:5432 u u -"],
    [
      "empty variables do not count",
      { url: "postgres://u@a/d", environment: { PGPORT: "" } },
      "a:5432 d u -",
    ],
    [
      "an empty password does not count",
      { url: "postgres://u:@a/d", environment: PG },
      "a:6000 d u pg-pw",
    ],
  ])("%s", async (_, given, expected) => {
    await writeFile(
      path.join(homeFolder, ".pg_service.conf"),
      "# comment\n[other]\nhost=other\n\n[shop]\nhost=service-host\nport=7000\ndbname=shop-db\n[shop]\nhost=second\n",
    );
    expect(await summary(given)).toBe(expected);
  });

  test("without anything: this machine and this user", async () => {
    const { settings, isGuess } = await resolve({});
    expect(isGuess).toBe(true);
    expect(settings.user).toBe(userInfo().username);
    expect(settings.database).toBe(userInfo().username);
    expect(settings.hosts[0].host).toMatch(/^(?:localhost|\/)/);
  });
});

describe("service files", () => {
  test("the system's file serves what the own file lacks", async () => {
    await writeFile(path.join(homeFolder, "pg_service.conf"), "[shop]\nhost=system-host\nuser=u\n");
    expect(await summary({ service: "shop" })).toBe("system-host:5432 u u -");
  });

  test("PGSERVICEFILE replaces the file in the home folder", async () => {
    const file = path.join(homeFolder, "mine.conf");
    await writeFile(file, "[shop]\nhost=mine\nuser=u\n");
    expect(await summary({ service: "shop", environment: { PGSERVICEFILE: file } })).toBe(
      "mine:5432 u u -",
    );
  });

  test.each([
    ["unknown service", "[other]\nhost=a", /There is no service "shop"/],
    ["no key=value", "[shop]\nhost", /Line 2 .* is not key=value/],
    ["a service in a service", "[shop]\nservice=x", /Line 2 .* is not key=value/],
  ])("%s", async (_, text, message) => {
    await writeFile(path.join(homeFolder, ".pg_service.conf"), text);
    await expect(resolve({ service: "shop" })).rejects.toThrow(message);
  });
});

describe("password file", () => {
  const LINES = [
    "# comment",
    "other:5432:db:me:other",
    String.raw`db.example:5432:shop:me:a\:b\\c`,
    "localhost:*:*:me:local",
    String.raw`\:\:1:5432:*:me:six`,
    String.raw`\*:5432:*:me:star`,
    "*:*:*:you:any",
  ].join("\n");

  test.each<[string, string]>([
    ["postgres://me@db.example/shop", String.raw`a:b\c`],
    ["postgres://me@db.example/other", "-"],
    ["postgres://me@db.example:5433/shop", "-"],
    ["postgres://you@db.example/shop", "any"],
    ["postgres://me@[::1]/x", "six"],
    ["postgres://me@%2Fvar%2Frun%2Fpostgresql/x", "local"],
    ["postgres://me@%2Fsomewhere/x", "-"],
    ["postgres://me:given@localhost/x", "given"],
  ])("%s", async (url, password) => {
    await writeFile(path.join(homeFolder, ".pgpass"), LINES, { mode: 0o600 });
    expect((await summary({ url })).split(" ").at(-1)).toBe(password);
  });

  test("is not used when others may read it, and that is said", async () => {
    const file = path.join(homeFolder, "pass");
    await writeFile(file, "*:*:*:*:secret", { mode: 0o600 });
    await chmod(file, 0o640);
    const request = { url: "postgres://me@h/d", environment: { PGPASSFILE: file } };
    expect(await summary(request)).toBe("h:5432 d me -");
    expect((await resolve(request)).notes.join(" ")).toMatch(/chmod 0600/);
    await chmod(file, 0o600);
    expect(await summary(request)).toBe("h:5432 d me secret");
  });

  test("is not used when it is a folder", async () => {
    const request = { url: "postgres://me@h/d", environment: { PGPASSFILE: homeFolder } };
    expect((await resolve(request)).notes.join(" ")).toMatch(/not a plain file/);
  });
});

describe("what is shown", () => {
  test("a resolved connection holds its password in functions only", async () => {
    const resolved = await resolve({ url: "postgres://me:hunter2@h/d?sslpassword=hunter2" });
    expect(inspect(resolved, { depth: 9 })).not.toContain("hunter2");
    expect(JSON.stringify(resolved)).not.toContain("hunter2");
    expect(resolved.passwordFor(resolved.settings.hosts[0])).toBe("hunter2");
  });

  test("a password in the argument is warned of, one in DATABASE_URL is not", async () => {
    const url = "postgres://me:hunter2@h/d";
    expect((await resolve({ url })).notes.join()).toMatch(/process list/);
    expect((await resolve({ environment: { DATABASE_URL: url } })).notes).toEqual([]);
  });

  test("parameters of other programs are named and ignored", async () => {
    const { notes, settings } = await resolve({
      url: "postgres://me@h/d?schema=public&pgbouncer=true&keepalives=1&target_session_attrs=any",
    });
    expect(settings.database).toBe("d");
    expect(notes).toHaveLength(2);
    expect(notes.join()).toMatch(/"schema".*"pgbouncer"/);
  });

  test.each([
    ["mysql://root:hunter2@h/d", /starts with mysql:\/\//],
    ["hunter2", /does not start with postgres/],
    ["postgres://h?sslmode=hunter2", /sslmode has a value/],
    ["postgres://h?port=hunter2", /port is not a number/],
    ["postgres://h?port=70000", /port is not a number/],
    ["postgres://h?connect_timeout=soon", /connect_timeout/],
    ["host=a,b port=1,2,3", /2 hosts but 3 ports/],
    ["host=a,b hostaddr=1.2.3.4", /2 hosts but 1 addresses/],
    ["postgres://h?sslmode=require&sslrootcert=system", /verify-full/],
    ["postgres://h?sslnegotiation=direct", /sslnegotiation=direct/],
    ["postgres://h?sslmode=verify-full&sslrootcert=/nowhere.crt", /root certificate/],
    ["postgres://h?sslcert=/nowhere.crt", /of sslcert cannot be read/],
  ])("%s is refused", async (url, message) => {
    const failure = await resolve({ url }).catch((error: unknown) => String(error));
    expect(failure).toMatch(message);
    expect(failure).not.toContain("hunter2");
  });
});

/** `plain`, or `tls` with what is checked. */
async function attempts(url: string): Promise<readonly string[]> {
  const { settings, tls } = await resolve({ url });
  const [host] = settings.hosts;
  return tlsAttempts(settings, tls, host).map((attempt) => {
    if (attempt === false) return "plain";
    const chain = attempt.rejectUnauthorized === true ? "+chain" : "";
    const wrongName = { subject: { CN: "elsewhere" }, subjectaltname: "DNS:elsewhere" };
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the check reads of a certificate
    const error = attempt.checkServerIdentity?.("localhost", wrongName as never);
    return `tls${chain}${error === undefined ? "" : "+name"}`;
  });
}

describe("sslmode as libpq means it", () => {
  test.each<[string, boolean, readonly string[]]>([
    ["disable", false, ["plain"]],
    ["allow", false, ["plain", "tls"]],
    ["prefer", false, ["tls", "plain"]],
    ["require", false, ["tls"]],
    ["prefer", true, ["tls+chain", "plain"]],
    ["require", true, ["tls+chain"]],
    ["verify-ca", true, ["tls+chain"]],
    ["verify-full", true, ["tls+chain+name"]],
  ])("%s with a root certificate: %s", async (mode, hasRoot, expected) => {
    if (hasRoot) {
      await mkdir(path.join(homeFolder, ".postgresql"));
      await writeFile(path.join(homeFolder, ".postgresql", "root.crt"), "PEM");
    }
    expect(await attempts(`postgres://db.example?sslmode=${mode}`)).toEqual(expected);
    expect(await attempts(`postgres://%2Ftmp?sslmode=${mode}`)).toEqual(["plain"]);
  });

  test("the default is prefer; ssl=true is require; sslrootcert=system is verify-full", async () => {
    expect(await attempts("postgres://h")).toEqual(["tls", "plain"]);
    expect(await attempts("postgres://h?ssl=true")).toEqual(["tls"]);
    expect(await attempts("postgres://h?sslrootcert=system")).toEqual(["tls+chain+name"]);
  });

  test("a private key that others may read is refused", async () => {
    const file = path.join(homeFolder, "client.key");
    await writeFile(file, "PEM");
    await chmod(file, 0o644);
    await expect(resolve({ url: `postgres://h?sslkey=${file}` })).rejects.toThrow(/chmod 0600/);
    await chmod(file, 0o600);
    const { tls } = await resolve({ url: `postgres://h?sslkey=${file}` });
    expect(tls.privateKey()).toBe("PEM");
  });
});

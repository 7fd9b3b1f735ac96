import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { createTestDatabase, type TestDatabase } from "@upshift/services";
import { afterAll, beforeAll, expect, test } from "vitest";
import { BIN, isolatedEnvironment, upshift } from "./upshift-process.ts";

let database: TestDatabase;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "upshift-process-"));
  database = await createTestDatabase();
  await database.query("CREATE TABLE orders (id int); ANALYZE orders");
});

afterAll(async () => {
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

test("the command can be run as a program", async () => {
  const [firstLine] = (await readFile(BIN, "utf8")).split("\n", 1);
  expect(firstLine).toBe("#!/usr/bin/env node");
});

test("a reader that goes away is no error", async () => {
  const child = spawn(process.execPath, [BIN, "rules"], { env: isolatedEnvironment() });
  // Before the first byte: every write meets a closed pipe.
  child.stdout.destroy();
  let stderr = "";
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  await once(child, "close");
  expect(stderr).toBe("");
  expect(child.exitCode).toBe(0);
});

test("Ctrl-C ends it with 130 and without a word, also while it waits for a server", async () => {
  const mute: Server = createServer();
  await new Promise<void>((resolve) => {
    mute.listen(0, "127.0.0.1", resolve);
  });
  const address = mute.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const connected = once(mute, "connection");
  const child = spawn(process.execPath, [BIN, "snapshot", `postgres://me@127.0.0.1:${port}/db`], {
    env: isolatedEnvironment(),
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  await connected;
  child.kill("SIGINT");
  await once(child, "close");
  mute.close();
  expect(child.exitCode).toBe(130);
  expect(output).toBe("");
});

test("Ctrl-C in the middle of the work leaves no file behind", { timeout: 60_000 }, async () => {
  const temporary = await mkdtemp(path.join(folder, "tmp-"));
  const workload = "SELECT id FROM orders WHERE id = 7;";
  const child = spawn(process.execPath, [BIN, "doctor", "--workload", "-"], {
    env: isolatedEnvironment({ DATABASE_URL: database.url, TMPDIR: temporary }),
  });
  child.stdin.end(workload);
  // The header stands on the screen as soon as the database was read; the twin comes next.
  await once(child.stdout, "data");
  child.kill("SIGINT");
  await once(child, "close");
  expect(child.exitCode).toBe(130);
  expect(await readdir(temporary)).toEqual([]);
});

test("a snapshot file is whole, private, and replaces the old one", async () => {
  const file = path.join(folder, "snapshot.json");
  const environment = { DATABASE_URL: database.url };
  for (const _ of [1, 2]) {
    const { exitCode, stdout } = await upshift(["snapshot", "-o", file], { environment });
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^Wrote /);
  }
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(JSON.parse(await readFile(file, "utf8"))).toMatchObject({
    schemaVersion: 1,
    values: "redacted",
  });
  expect((await readdir(folder)).filter((name) => name.includes(".tmp"))).toEqual([]);
});

test("a file that cannot be written is one line and exit code 2", async () => {
  const { exitCode, stderr } = await upshift(["snapshot", "-o", "/nowhere/snapshot.json"], {
    environment: { DATABASE_URL: database.url },
  });
  expect(exitCode).toBe(2);
  expect(stderr).toMatch(/^error: Could not write \/nowhere\/snapshot\.json \(ENOENT\)[^\n]*\n$/);
});

test("a file of --workload that cannot be read ends the run before anything is connected to", async () => {
  await chmod(folder, 0o700);
  const { exitCode, stderr } = await upshift([
    "doctor",
    "--workload",
    "/nowhere.sql",
    "postgres://127.0.0.1:1/x",
  ]);
  expect(exitCode).toBe(2);
  expect(stderr).toMatch(/^error: The file \/nowhere\.sql does not exist[^\n]*\n$/);
});

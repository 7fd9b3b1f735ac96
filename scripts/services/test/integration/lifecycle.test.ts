import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { startPostgres, leftBehind } from "@upshift/services";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";

const PROGRAM = fileURLToPath(new URL("../fixtures/start-and-hang.mjs", import.meta.url));
const REACHED_WITHIN_MS = 20_000;

// A temp folder of our own shows exactly what these servers leave behind.
let temp = "";
beforeAll(async () => {
  temp = await mkdtemp(path.join(tmpdir(), "upshift-lifecycle-"));
  // As in a system's temp folder, the account that runs the server must be able to enter.
  await chmod(temp, 0o711);
  vi.stubEnv("TMPDIR", temp);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(temp, { recursive: true, force: true });
});

/** The moments of a start that differ: before the folder, during initdb, while the server starts, when it serves. */
const MOMENTS: readonly (readonly [string, (program: ChildProcess) => Promise<void>])[] = [
  ["at once", async () => {}],
  ["when its folder appears", () => until(async () => (await readdir(temp)).length > 0)],
  ["during initdb", () => until(() => exists("data/base/1"))],
  ["while the server starts", () => until(() => exists("data/postmaster.pid"))],
  ["when the server is ready", (program) => said(program, "ready ")],
];

describe.each(["SIGINT", "SIGKILL"] as const)("%s to the parent", (signal) => {
  test.each(MOMENTS)("%s leaves no process and no folder", async (_, moment) => {
    const program = spawn(process.execPath, [PROGRAM], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const ended = once(program, "exit");
    await said(program, "starting");
    await moment(program);
    program.kill(signal);
    await ended;
    expect(await leftBehind(temp)).toEqual([]);
  });
});

test("a parent that ends without stopping its server leaves nothing", async () => {
  const source = `import { startPostgres } from ${JSON.stringify(distOf("index.js"))}; await startPostgres();`;
  const program = spawn(process.execPath, ["--input-type=module", "-e", source], {
    stdio: "inherit",
  });
  expect(await once(program, "exit")).toEqual([0, null]);
  expect(await leftBehind(temp)).toEqual([]);
});

test("a supervisor that is killed leaves its work to the program that started it", async () => {
  const server = await startPostgres();
  process.kill(server.supervisorPid, "SIGKILL");
  await server.stop();
  expect(await leftBehind(temp)).toEqual([]);
});

test("a server whose program reads no more of its output is stopped all the same", async () => {
  const program = spawn(process.execPath, [PROGRAM], { stdio: ["ignore", "pipe", "ignore"] });
  const ended = once(program, "exit");
  await said(program, "ready ");
  program.stdout.destroy();
  program.kill("SIGHUP");
  await ended;
  expect(await leftBehind(temp)).toEqual([]);
});

test("an aborted start rejects with the reason and leaves nothing", async () => {
  const reason = new Error("changed my mind");
  const abort = new AbortController();
  const starting = startPostgres({ signal: abort.signal });
  void until(async () => (await readdir(temp)).length > 0).then(() => abort.abort(reason));
  await expect(starting).rejects.toBe(reason);
  expect(await readdir(temp)).toEqual([]);
});

test("a server that cannot start says why and leaves nothing", async () => {
  const starting = startPostgres({ settings: { shared_buffers: "many" } });
  await expect(starting).rejects.toMatchObject({ code: "UPSHIFT_SERVICE_FAILED" });
  await expect(starting).rejects.toThrow(/shared_buffers/);
  expect(await readdir(temp)).toEqual([]);
});

function distOf(file: string): string {
  return new URL(`../../dist/${file}`, import.meta.url).href;
}

async function exists(inServerFolder: string): Promise<boolean> {
  const [folder] = await readdir(temp);
  if (folder === undefined) return false;
  const parent = path.join(temp, folder, path.dirname(inServerFolder));
  return (await readdir(parent).catch((): string[] => [])).includes(path.basename(inServerFolder));
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  const giveUpAtMs = Date.now() + REACHED_WITHIN_MS;
  while (!(await holds())) {
    if (Date.now() > giveUpAtMs) throw new Error("waited too long");
    await delay(10);
  }
}

/** Waits for a line; the stream is read once and remembered, as lines may come together. */
async function said(program: ChildProcess, words: string): Promise<void> {
  let heard = "";
  await new Promise<void>((resolve, reject) => {
    program.stdout?.on("data", (chunk: Buffer) => {
      heard += chunk.toString();
      if (heard.includes(words)) resolve();
    });
    program.once("exit", () => reject(new Error(`ended before it said "${words}"`)));
  });
}

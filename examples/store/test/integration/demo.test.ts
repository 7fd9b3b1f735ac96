import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { storeWorkload } from "@upshift/example-store";
import { leftBehind } from "@upshift/services";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const PROGRAM = fileURLToPath(new URL("../../dist/demo.js", import.meta.url));

// A temp folder of our own shows exactly what the demo leaves behind.
let temp = "";
beforeAll(async () => {
  temp = await mkdtemp(path.join(tmpdir(), "upshift-demo-"));
  await chmod(temp, 0o711);
});
afterAll(() => rm(temp, { recursive: true, force: true }));

interface Demo {
  readonly process: ChildProcess;
  /** Code and signal with which it ended. */
  readonly ended: Promise<unknown[]>;
  output(): string;
  /** Resolves when it has written these words, or has ended. */
  says(words: string): Promise<void>;
}

function startDemo(args: readonly string[]): Demo {
  // In a process group of its own, as a shell starts it, so that a signal to the group is Ctrl-C.
  const program = spawn(process.execPath, [PROGRAM, "--scale", "0.02", ...args], {
    env: { ...process.env, TMPDIR: temp },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  let output = "";
  for (const stream of [program.stdout, program.stderr])
    stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const ended = once(program, "close");
  return {
    process: program,
    ended,
    output: () => output,
    async says(words) {
      await new Promise<void>((resolve) => {
        const look = (): void => {
          if (output.includes(words)) resolve();
        };
        program.stdout.on("data", look);
        program.once("close", () => resolve());
        look();
      });
    },
  };
}

const MOMENTS = ["", "✔ PostgreSQL", "loading", "✔ a shop", "$ upshift doctor"] as const;

describe("Ctrl-C leaves no process and no folder", () => {
  test.each(MOMENTS)("after it said '%s'", async (words) => {
    const demo = startDemo([]);
    await demo.says(words);
    // Before its first line it may not have heard of signals yet; then it ends by the signal itself.
    process.kill(-(demo.process.pid ?? 0), "SIGINT");
    const [code, signal] = await demo.ended;
    expect(code === 130 || (words === "" && signal === "SIGINT")).toBe(true);
    expect(await leftBehind(temp)).toEqual([]);
  });
});

// Every moment of an ending by force is the business of the services' own tests; here two are enough on a laptop.
const FORCED_MOMENTS =
  process.env["UPSHIFT_TEST_SCALE"] === "full"
    ? MOMENTS
    : (["loading", "$ upshift doctor"] as const);

describe("kill -9 leaves no process and no folder", () => {
  test.each(FORCED_MOMENTS)("after it said '%s'", async (words) => {
    const demo = startDemo([]);
    await demo.says(words);
    demo.process.kill("SIGKILL");
    expect((await demo.ended)[1]).toBe("SIGKILL");
    expect(await leftBehind(temp)).toEqual([]);
  });
});

test("--help says what it does and starts nothing", async () => {
  const demo = startDemo(["--help"]);
  expect(await demo.ended).toEqual([0, null]);
  expect(demo.output()).toContain("--keep");
});

test("an unknown option is exit code 2", async () => {
  const demo = startDemo(["--kep"]);
  expect(await demo.ended).toEqual([2, null]);
  expect(demo.output()).toContain("--kep");
});

test("a whole run compares every query, plainly in a pipe, and --keep leaves the server until it is told to stop", async () => {
  const demo = startDemo(["--keep"]);
  expect([await demo.ended, demo.output()]).toEqual([[0, null], expect.any(String)]);
  const output = demo.output();
  for (const { name } of storeWorkload) expect(output).toContain(`\n${name} `);
  expect(output).toMatch(/^ {2}CREATE INDEX CONCURRENTLY/m);
  expect(output).toContain("npx upshift doctor postgres://");
  expect(output).not.toContain("\u001B");

  const url = /postgresql:\/\/postgres:\S+@127\.0\.0\.1:\d+\/store/.exec(output)?.[0];
  const client = new Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query("SELECT count(*)::int AS orders FROM orders");
  await client.end();
  expect(rows).toEqual([{ orders: 8000 }]);

  process.kill(Number(/kill (\d+)/.exec(output)?.[1]), "SIGTERM");
  expect(await leftBehind(temp)).toEqual([]);
}, 180_000);

import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const PROGRAM = fileURLToPath(new URL("../../dist/run.js", import.meta.url));

async function run(args: readonly string[]): Promise<{
  readonly code: number | string | undefined;
  readonly stdout: string;
  readonly stderr: string;
}> {
  return await new Promise((resolve) => {
    execFile(process.execPath, [PROGRAM, ...args], (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : (error.code ?? undefined), stdout, stderr });
    });
  });
}

test("--help lists the benchmarks and how to run one", async () => {
  const { code, stdout } = await run(["--help"]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^Benchmarks: /m);
});

test("an unknown name is exit code 2 with the names there are", async () => {
  const { code, stdout, stderr } = await run(["no-such-benchmark"]);
  expect(code).toBe(2);
  expect(stdout).toBe("");
  expect(stderr).toMatch(/no benchmark "no-such-benchmark"; there are: /);
});

test("no name, and an unknown option, are exit code 2", async () => {
  expect((await run([])).code).toBe(2);
  expect((await run(["--fast"])).code).toBe(2);
});

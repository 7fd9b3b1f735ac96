import { PassThrough, Readable } from "node:stream";
import { expect, test } from "vitest";
import { run } from "./cli.ts";

interface Outcome {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function upshift(
  argv: readonly string[],
  given: {
    readonly stdin?: string | Uint8Array;
    readonly environment?: Record<string, string>;
  } = {},
): Promise<Outcome> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const exitCode = await run(argv, {
    stdin: Readable.from([Buffer.from(given.stdin ?? "")]),
    stdout,
    stderr,
    environment: given.environment ?? {},
    homeFolder: "/nonexistent",
    signal: new AbortController().signal,
  });
  return { exitCode, stdout: textOf(stdout), stderr: textOf(stderr) };
}

function textOf(stream: PassThrough): string {
  return String(stream.read() ?? "");
}

const COMMANDS = ["doctor", "explain", "snapshot", "advise", "rules"];

test.each(["", ...COMMANDS])(
  "upshift %s --help has examples and exit codes, --version the version",
  async (name) => {
    const command = name === "" ? [] : [name];
    const help = await upshift([...command, "--help"]);
    expect(help).toMatchObject({ exitCode: 0, stderr: "" });
    expect(help.stdout).toMatch(/Usage: upshift/);
    expect(help.stdout).toMatch(/Examples:\n {2}\$ /);
    expect(help.stdout).toMatch(/Exit codes: 0/);
    expect(await upshift([...command, "--version"])).toEqual({
      exitCode: 0,
      stdout: "0.1.0\n",
      stderr: "",
    });
  },
);

test("without a command there is help", async () => {
  expect(await upshift([])).toEqual(await upshift(["--help"]));
});

test.each([
  [["docter"], /Unknown command 'docter'\. Did you mean doctor\? Help: upshift --help/],
  [["doctor", "--jsn"], /Unknown option '--jsn'\. Did you mean --json\? Help: upshift doctor/],
  [["doctor", "a", "b"], /Too many arguments/],
  [["doctor", "--fail-on", "fatal"], /error, warn, info, never/],
  [["doctor", "--budget", "plenty"], /`--budget` as a size/],
  [["doctor", "--timeout", "10"], /`--timeout`/],
  [["doctor", "--top", "-1"], /`--top`/],
  [["advise", "postgres://h/d", "--snapshot", "x.json"], /not both/],
])("%j is refused in one line that says what to do", async (argv, message) => {
  const outcome = await upshift(argv);
  expect(outcome.exitCode).toBe(2);
  expect(outcome.stdout).toBe("");
  expect(outcome.stderr).toMatch(message);
  expect(outcome.stderr).toMatch(/^error: [^\n]*\n$/);
});

test.each([
  [["postgres://me:hunter2@h/d"]],
  [["doctor", "--json=postgres://me:hunter2@h/d"]],
  [["doctor", "--fail-on", "postgres://me:hunter2@h/d"]],
  [["doctor", "mysql://me:hunter2@h/d"]],
  [["doctor", "postgres://me:hunter2@h/d", "postgres://me:hunter2@h/d"]],
  [["doctor", "host=h password=hunter2 x"]],
  [["host=h password=hunter2"]],
  [["doctor", "postgres://me:hunter2@x@h/d"]],
])("%j never repeats the password", async (argv) => {
  const { exitCode, stdout, stderr } = await upshift([...argv, "--json"]);
  expect(exitCode).toBe(2);
  expect(stdout + stderr).not.toContain("hunter2");
});

test("with --json a failure is a JSON document on standard output and one line on standard error", async () => {
  const { exitCode, stdout, stderr } = await upshift(["rules", "index/mising", "--json"]);
  expect(exitCode).toBe(2);
  expect(JSON.parse(stdout)).toEqual({
    schemaVersion: 1,
    error: {
      code: "UPSHIFT_RULE_UNKNOWN",
      message: expect.stringContaining("Did you mean index/missing"),
    },
  });
  expect(stderr).toMatch(/^error: [^\n]*\n$/);
});

test("rules are printed offline, one with its thresholds", async () => {
  const all = await upshift(["rules"]);
  expect(all.exitCode).toBe(0);
  expect(all.stdout).toContain("index/missing");
  const one = await upshift(["rules", "plan/misestimate"]);
  expect(one.stdout).toMatch(/minFactor 10/);
  const json: unknown = JSON.parse((await upshift(["rules", "--json"])).stdout);
  expect(json).toMatchObject({ schemaVersion: 1 });
});

test.each<[Record<string, string>, readonly string[], boolean]>([
  [{}, [], false],
  [{ FORCE_COLOR: "1" }, [], true],
  [{ FORCE_COLOR: "0" }, [], false],
  [{ FORCE_COLOR: "1", NO_COLOR: "1" }, [], true],
  [{ FORCE_COLOR: "1" }, ["--no-color"], false],
])("colour with %j and %j: %s", async (environment, argv, isColoured) => {
  const { stdout } = await upshift(["rules", ...argv], { environment });
  expect(stdout.includes("\u001b[")).toBe(isColoured);
});

test.each<[string, string | Uint8Array, RegExp]>([
  ["nothing", "", /is empty/],
  ["white space", " \n", /is empty/],
  ["a JPEG", Buffer.from("ffd8ffe000104a464946", "hex"), /a JPEG image/],
  ["bytes", Buffer.from([0x41, 0, 0x42]), /is not text/],
])("explain refuses %s", async (_, stdin, message) => {
  const { exitCode, stderr } = await upshift(["explain"], { stdin });
  expect(exitCode).toBe(2);
  expect(stderr).toMatch(message);
  expect(stderr).toMatch(/^error: [^\n]*\n$/);
});

test.each([
  ["/nonexistent/plan.json", /does not exist/],
  ["/", /is a folder/],
])("explain refuses the file %s", async (file, message) => {
  const { exitCode, stderr } = await upshift(["explain", file]);
  expect(exitCode).toBe(2);
  expect(stderr).toMatch(message);
});

import { spawn } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";

/** The CLI as it is installed; `npm test` builds it first. */
export const BIN: string = fileURLToPath(new URL("../../bin/upshift.js", import.meta.url));

export interface UpshiftOutcome {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface UpshiftInput {
  readonly environment?: Readonly<Record<string, string>>;
  readonly stdin?: string | Uint8Array;
}

/** Runs the CLI as a process of its own, with nothing of this machine's settings for PostgreSQL. */
export async function upshift(
  argv: readonly string[],
  input: UpshiftInput = {},
): Promise<UpshiftOutcome> {
  const child = spawn(process.execPath, [BIN, ...argv], {
    env: isolatedEnvironment(input.environment),
    stdio: ["pipe", "pipe", "pipe"],
  });
  // A command that fails at once does not read its input.
  child.stdin.on("error", () => undefined);
  child.stdin.end(input.stdin ?? "");
  const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)];
  await once(child, "close");
  return { exitCode: child.exitCode, stdout: await stdout, stderr: await stderr };
}

/** Where the twin's initialised directory is kept between tests. */
const CACHE = fileURLToPath(new URL("../../../../node_modules/.cache", import.meta.url));

/** PATH and the cache of the twin; HOME without `.pgpass`. */
export function isolatedEnvironment(
  more: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const kept = ["PATH", "TMPDIR"].flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return {
    HOME: `${tmpdir()}/upshift-no-home`,
    XDG_CACHE_HOME: CACHE,
    PGSYSCONFDIR: `${tmpdir()}/upshift-no-home`,
    ...Object.fromEntries(kept),
    ...more,
  };
}

async function collect(stream: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

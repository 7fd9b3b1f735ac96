import { execFile } from "node:child_process";
import { chmod, mkdir } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { aptInstall } from "./apt-install.ts";
import { cacheFolder } from "./cache-folder.ts";
import { findProgram } from "./find-program.ts";
import { ServiceUnavailableError } from "./services-errors.ts";

const COMPONENT = "Redis";
const ADVICE =
  "neither `redis-server` nor `valkey-server` is on the PATH; `apt-get install redis-server` or `brew install redis` brings it";
/** Debian's C library is the one that most other distributions can run. */
const IMAGE = "redis:7-bookworm";
const DOCKER_TIMEOUT_MS = 120_000;

/**
 * Path of a `redis-server` or `valkey-server`: on the PATH; else taken out of the Docker image, where Docker works and its program runs here; else, as root
 * on Debian, installed.
 *
 * @throws {ServiceUnavailableError} when there is none and none can be brought
 */
export async function bringRedis(
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<string> {
  const present = await findProgram("redis-server", "valkey-server");
  if (present !== undefined) return present;
  const copied = await copyFromImage(options.signal);
  if (copied !== undefined) return copied;
  await aptInstall(COMPONENT, "redis-server", ADVICE, options.signal);
  const installed = await findProgram("redis-server");
  if (installed === undefined)
    throw new ServiceUnavailableError(COMPONENT, "apt-get installed no `redis-server` program");
  return installed;
}

/** The program alone, not a container: the tests stop, kill and count processes of their own. */
async function copyFromImage(signal: AbortSignal | undefined): Promise<string | undefined> {
  const docker = process.platform === "linux" ? await findProgram("docker") : undefined;
  if (docker === undefined) return undefined;
  const run = promisify(execFile);
  const options = { timeout: DOCKER_TIMEOUT_MS, signal };
  const folder = path.join(cacheFolder(), "redis");
  const file = path.join(folder, "redis-server");
  try {
    await run(file, ["--version"], options);
    return file;
  } catch {
    signal?.throwIfAborted();
  }
  try {
    await mkdir(folder, { recursive: true });
    const { stdout } = await run(docker, ["create", IMAGE], options);
    const container = stdout.trim();
    try {
      await run(docker, ["cp", `${container}:/usr/local/bin/redis-server`, file], options);
    } finally {
      await run(docker, ["rm", "--force", container], options);
    }
    await chmod(file, 0o755);
    await run(file, ["--version"], options);
    return file;
  } catch {
    signal?.throwIfAborted();
    return undefined;
  }
}

import { execFile } from "node:child_process";
import { access, constants } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { ServiceUnavailableError } from "./services-errors.ts";

/** Debian installs it here, which is not on every user's PATH. */
const EXTRA_FOLDERS = ["/usr/sbin", "/usr/local/sbin", "/opt/homebrew/bin"];
const APT_TIMEOUT_MS = 180_000;

/**
 * Path of the `pgbouncer` program; as root on Debian it is installed first when it is missing.
 *
 * @throws {ServiceUnavailableError} when it is not there and cannot be installed
 */
export async function bringPgBouncer(
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<string> {
  const present = await findProgram("pgbouncer");
  if (present !== undefined) return present;
  const aptGet = await findProgram("apt-get");
  if (aptGet === undefined || process.getuid?.() !== 0)
    throw new ServiceUnavailableError(
      "PgBouncer",
      "`pgbouncer` is not on the PATH; `apt-get install pgbouncer` or `brew install pgbouncer` brings it",
    );
  try {
    await aptInstall(aptGet, options.signal);
  } catch (cause) {
    options.signal?.throwIfAborted();
    throw new ServiceUnavailableError("PgBouncer", "apt-get could not install it", cause);
  }
  const installed = await findProgram("pgbouncer");
  if (installed === undefined)
    throw new ServiceUnavailableError("PgBouncer", "apt-get installed no `pgbouncer` program");
  return installed;
}

async function aptInstall(aptGet: string, signal: AbortSignal | undefined): Promise<void> {
  const run = promisify(execFile);
  const options = {
    timeout: APT_TIMEOUT_MS,
    signal,
    // A run level of 1 keeps the package from starting a service of its own.
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" },
  };
  const install = ["install", "-y", "--no-install-recommends", "pgbouncer"];
  try {
    await run(aptGet, install, options);
  } catch {
    // A fresh machine has no package lists yet.
    await run(aptGet, ["update"], options);
    await run(aptGet, install, options);
  }
}

async function findProgram(name: string): Promise<string | undefined> {
  const folders = [...(process.env["PATH"] ?? "").split(path.delimiter), ...EXTRA_FOLDERS];
  for (const folder of folders.filter((each) => each !== "")) {
    const file = path.join(folder, name);
    const isProgram = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isProgram) return file;
  }
  return undefined;
}

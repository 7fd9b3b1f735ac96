import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { findProgram } from "./find-program.ts";
import { ServiceUnavailableError } from "./services-errors.ts";

const APT_TIMEOUT_MS = 180_000;

/**
 * Installs a Debian package, as root on Debian.
 *
 * @param component - for the error: "PgBouncer"
 * @param advice - what a person could do instead
 * @throws {ServiceUnavailableError} when this machine has no apt-get, we are not root, or it fails
 */
export async function aptInstall(
  component: string,
  packageName: string,
  advice: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const aptGet = await findProgram("apt-get");
  if (aptGet === undefined || process.getuid?.() !== 0)
    throw new ServiceUnavailableError(component, advice);
  const run = promisify(execFile);
  const options = {
    timeout: APT_TIMEOUT_MS,
    signal,
    // A run level of 1 keeps the package from starting a service of its own.
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" },
  };
  const install = ["install", "-y", "--no-install-recommends", packageName];
  try {
    await run(aptGet, install, options).catch(async () => {
      // A fresh machine has no package lists yet.
      await run(aptGet, ["update"], options);
      await run(aptGet, install, options);
    });
  } catch (cause) {
    signal?.throwIfAborted();
    throw new ServiceUnavailableError(component, "apt-get could not install it", cause);
  }
}

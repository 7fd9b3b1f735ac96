import { aptInstall } from "./apt-install.ts";
import { findProgram } from "./find-program.ts";
import { ServiceUnavailableError } from "./services-errors.ts";

const COMPONENT = "wrk";
const ADVICE = "`wrk` is not on the PATH; `apt-get install wrk` or `brew install wrk` brings it";

/**
 * Path of `wrk`, which puts load on a web server; as root on Debian it is installed first when it is missing.
 *
 * @throws {ServiceUnavailableError} when it is not there and cannot be installed
 */
export async function bringWrk(
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<string> {
  const present = await findProgram("wrk");
  if (present !== undefined) return present;
  await aptInstall(COMPONENT, "wrk", ADVICE, options.signal);
  const installed = await findProgram("wrk");
  if (installed === undefined)
    throw new ServiceUnavailableError(COMPONENT, "apt-get installed no `wrk` program");
  return installed;
}

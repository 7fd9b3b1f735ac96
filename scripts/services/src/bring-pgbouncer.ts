import { aptInstall } from "./apt-install.ts";
import { findProgram } from "./find-program.ts";
import { ServiceUnavailableError } from "./services-errors.ts";

const COMPONENT = "PgBouncer";
const ADVICE =
  "`pgbouncer` is not on the PATH; `apt-get install pgbouncer` or `brew install pgbouncer` brings it";

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
  await aptInstall(COMPONENT, "pgbouncer", ADVICE, options.signal);
  const installed = await findProgram("pgbouncer");
  if (installed === undefined)
    throw new ServiceUnavailableError(COMPONENT, "apt-get installed no `pgbouncer` program");
  return installed;
}

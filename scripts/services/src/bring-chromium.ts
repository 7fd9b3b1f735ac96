import { aptInstall } from "./apt-install.ts";
import { findProgram } from "./find-program.ts";
import { ServiceUnavailableError } from "./services-errors.ts";

const COMPONENT = "Chromium";
const ADVICE =
  "neither `chromium` nor `google-chrome` is on the PATH; `apt-get install chromium` brings it";

/**
 * Path of a Chromium for playwright-core; as root on Debian it is installed first when it is missing.
 *
 * @throws {ServiceUnavailableError} when there is none and none can be installed
 */
export async function bringChromium(
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<string> {
  const present = await findProgram("chromium", "chromium-browser", "google-chrome");
  if (present !== undefined) return present;
  await aptInstall(COMPONENT, "chromium", ADVICE, options.signal);
  const installed = await findProgram("chromium");
  if (installed === undefined)
    throw new ServiceUnavailableError(COMPONENT, "apt-get installed no `chromium` program");
  return installed;
}

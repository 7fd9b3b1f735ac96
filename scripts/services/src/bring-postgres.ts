import {
  completeDistribution,
  installedDistribution,
  type PostgresMajor,
} from "./postgres-binaries.ts";
import { ServiceUnavailableError } from "./services-errors.ts";

/**
 * Folder of the distribution of a major version, fetched first when it is not there.
 *
 * @throws {ServiceUnavailableError} when it is not there and cannot be fetched
 */
export async function bringPostgresMajor(
  major: PostgresMajor,
  _options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<string> {
  if (major !== 18) throw new ServiceUnavailableError(`PostgreSQL ${major}`, "not installed");
  const distribution = installedDistribution();
  await completeDistribution(distribution);
  return distribution;
}

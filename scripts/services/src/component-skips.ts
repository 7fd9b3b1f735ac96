import { hasErrorCode } from "@upshift/foundation";

/** What a test group does about a component that may be missing: `describe.skipIf(skips.isMissing)(…)`. */
export interface ComponentSkips {
  readonly isMissing: boolean;
  /** Why the group is skipped; `undefined` when it is not. */
  readonly reason: string | undefined;
}

/**
 * Tries to bring a component for a test group, and says by name and with the reason on standard error when the group has to be skipped.
 *
 * With `UPSHIFT_FORBID_SKIPS=1`, as in CI, a missing component is an error instead.
 *
 * @param group - name of the test group
 * @param bring - for example `() => bringPostgresMajor(15)`
 * @throws {ServiceUnavailableError} when skips are forbidden
 * @throws whatever else `bring` throws
 */
export async function componentSkips(
  group: string,
  bring: () => Promise<unknown>,
  environment: Readonly<NodeJS.ProcessEnv> = process.env,
): Promise<ComponentSkips> {
  try {
    await bring();
    return { isMissing: false, reason: undefined };
  } catch (error) {
    const isForbidden = environment["UPSHIFT_FORBID_SKIPS"] === "1";
    if (!hasErrorCode(error, "UPSHIFT_SERVICE_UNAVAILABLE") || isForbidden) throw error;
    process.stderr.write(`SKIPPED ${group}: ${error.message}\n`);
    return { isMissing: true, reason: error.message };
  }
}

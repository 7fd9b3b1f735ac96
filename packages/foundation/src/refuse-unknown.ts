import { InvalidArgumentError } from "./invalid-argument-error.ts";
import { kindOf } from "./kind-of.ts";

/**
 * A misspelt option would be a default that nobody chose.
 *
 * @param of - whose options, for the error
 * @param options - not shown when it is no object
 * @throws {InvalidArgumentError} with the names that there are
 */
export function refuseUnknown(of: string, options: unknown, names: ReadonlySet<string>): void {
  if (typeof options !== "object" || options === null || kindOf(options) !== "an object")
    throw new InvalidArgumentError(`the options of \`${of}\` as an object`, kindOf(options));
  for (const name of Object.keys(options)) {
    if (!names.has(name)) {
      throw new InvalidArgumentError(
        `one of ${[...names].join(", ")} in the options of \`${of}\``,
        name,
      );
    }
  }
}

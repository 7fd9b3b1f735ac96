import { InvalidArgumentError } from "@upshift/foundation";

/**
 * A misspelt option would be a default that nobody chose.
 *
 * @param of - whose options, for the error
 * @throws {InvalidArgumentError} with the names that there are
 */
export function refuseUnknown(of: string, options: object, names: ReadonlySet<string>): void {
  for (const name of Object.keys(options)) {
    if (!names.has(name)) {
      throw new InvalidArgumentError(
        `one of ${[...names].join(", ")} in the options of \`${of}\``,
        name,
      );
    }
  }
}

import { InvalidArgumentError } from "@upshift/foundation";

/**
 * A name as an SQL identifier in quotes, exactly as it is written: no folding to lower case.
 *
 * @throws {InvalidArgumentError} when it is empty or has a NUL, which PostgreSQL has no form for
 */
export function quoteIdentifier(name: string): string {
  if (typeof name !== "string" || name === "" || name.includes("\0")) {
    throw new InvalidArgumentError("an identifier as text that is not empty and has no NUL", name);
  }
  return `"${name.replaceAll('"', '""')}"`;
}

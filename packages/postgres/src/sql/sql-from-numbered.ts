import { InvalidArgumentError } from "@upshift/foundation";
import { splitPlaceholders } from "./placeholders.ts";
import { SharedValue, Sql } from "./sql.ts";

/**
 * A piece of SQL from text that a query builder compiled: `$1` in it is the first of `values`. A number that comes again stays one parameter.
 *
 * For this package, never exported: the text is trusted as it is.
 *
 * @throws {InvalidArgumentError} when a number has no value, or the text ends inside of a string, comment or quoted name and would swallow what is written after it
 */
export function sqlFromNumbered(text: string, values: readonly unknown[]): Sql {
  const { texts, numbers, endsInside } = splitPlaceholders(text);
  // A line comment ends with its line; everything else that is open has no end that could be added.
  if (endsInside !== undefined && endsInside !== "line comment") {
    throw new InvalidArgumentError(
      "SQL text that is complete",
      `text that ends inside of a ${endsInside}`,
    );
  }
  const shared = values.map((value) => new SharedValue(value));
  const parts = numbers.map((number) => {
    const value = shared[number - 1];
    if (value === undefined) {
      throw new InvalidArgumentError(
        `SQL text with parameters from $1 to $${values.length}`,
        `$${number}`,
      );
    }
    return value;
  });
  const last = texts.length - 1;
  return new Sql(endsInside === undefined ? texts : texts.with(last, `${texts[last]}\n`), parts);
}

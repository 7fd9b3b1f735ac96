import { InvalidArgumentError } from "@upshift/foundation";
import type { ColumnFacts } from "../catalog/table-facts.ts";
import { quoteElement, valueTextOf } from "../write/encode/value-text.ts";

/** One key as PostgreSQL reads its columns; `null` is NULL, which equals nothing. */
export type KeyTexts = readonly (string | null)[];

/**
 * Writes keys for these columns.
 *
 * The function gives the text of each part, in the order of the columns. It throws an {@link InvalidArgumentError} when a part has no text for its column; values are
 * not shown.
 */
export function keyWriter(columns: readonly ColumnFacts[]): (key: readonly unknown[]) => KeyTexts {
  const writers = columns.map(keyPartWriter);
  return (key) => {
    if (key.length !== writers.length) {
      throw new InvalidArgumentError(
        `a key of ${writers.length} values, for ${columns.map(({ name }) => name).join(", ")}`,
        `${key.length} values`,
      );
    }
    return writers.map((write, index) => write(key[index]));
  };
}

function keyPartWriter({ name, type }: ColumnFacts): (value: unknown) => string | null {
  const write = valueTextOf(type);
  return (value) => {
    if (value === null || value === undefined) return null;
    try {
      return write(value);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      throw new InvalidArgumentError(`a key for ${name} of type ${type.displayName}`, typeof value);
    }
  };
}

/** The values of one key column as the text of an array. */
export function toArrayText(texts: readonly (string | null)[]): string {
  return `{${texts.map((text) => (text === null ? "NULL" : quoteElement(text))).join(",")}}`;
}

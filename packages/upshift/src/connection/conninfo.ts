import { ConnectionUrlError } from "./connection-errors.ts";

/** One `key = value`: the value bare or in single quotes, `\` escaping the next character. */
const PAIR =
  /\s*(?<name>[^\s=]+)\s*=\s*(?:'(?<quoted>(?:[^'\\]|\\[^])*)'|(?<bare>(?:[^\s'\\]|\\[^])*))(?=\s|$)/y;

/** Whether text reads as libpq's `host=… dbname=…`. */
export function isConninfo(text: string): boolean {
  return /^\s*[a-z_]+\s*=/.test(text);
}

/**
 * Name and value pairs of `key=value` text.
 *
 * @throws {ConnectionUrlError} without any part of the text
 */
export function parseConninfo(text: string): readonly (readonly [string, string])[] {
  const pairs: (readonly [string, string])[] = [];
  PAIR.lastIndex = 0;
  let position = 0;
  while (position < text.trimEnd().length) {
    PAIR.lastIndex = position;
    const groups = PAIR.exec(text)?.groups;
    if (groups === undefined) {
      throw new ConnectionUrlError(
        "after the pairs read so far there is text that is not key=value",
      );
    }
    const value = (groups["quoted"] ?? groups["bare"] ?? "").replaceAll(/\\([^])/g, "$1");
    pairs.push([groups["name"] ?? "", value]);
    position = PAIR.lastIndex;
  }
  return pairs;
}

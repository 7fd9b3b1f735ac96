import { InvalidArgumentError, kindOf } from "@upshift/foundation";

/**
 * Text as a part of a pattern that matches just this text: `user:${escapeGlob(name)}:*`.
 *
 * Without it a name such as `a*` or `[x]` matches the keys of others.
 */
export function escapeGlob(text: string): string {
  if (typeof text !== "string") throw new InvalidArgumentError("`text` as text", kindOf(text));
  return text.replace(/[\\*?[\]]/g, String.raw`\$&`);
}

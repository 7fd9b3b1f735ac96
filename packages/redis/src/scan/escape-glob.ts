/**
 * Text as a part of a pattern that matches just this text: `user:${escapeGlob(name)}:*`.
 *
 * Without it a name such as `a*` or `[x]` matches the keys of others.
 */
export function escapeGlob(text: string): string {
  return text.replace(/[\\*?[\]]/g, String.raw`\$&`);
}

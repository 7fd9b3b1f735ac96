/**
 * C0, DEL, C1, line and paragraph separators, bidirectional overrides and the byte order mark: what lets a table's name
 * move the cursor, hide text, change colours or end a comment. Zero-width joiners stay: emoji need them.
 */
const UNSAFE =
  // oxlint-disable-next-line no-control-regex -- matching them is the point
  /[\u0000-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff]/g;

/** Half a character: with the `u` flag only those without their other half match. */
const LONE_SURROGATE = /[\ud800-\udfff]/gu;

/** Text that is one line and safe on any terminal: unsafe characters become visible escapes (`\x1b`, `\u{202e}`). */
export function neutralise(text: string): string {
  return text.replace(UNSAFE, escapeOf).replace(LONE_SURROGATE, "\ufffd");
}

/** As `neutralise`, with line breaks kept and tabs as spaces. */
export function neutraliseLines(text: string): string {
  return text
    .split(/\r\n|\r|\n/)
    .map((line) => neutralise(line.replaceAll("\t", "  ")))
    .join("\n");
}

/** Whether `neutralise` would change the text. */
export function isUnsafe(text: string): boolean {
  return text.search(UNSAFE) !== -1;
}

function escapeOf(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (character === "\n") return "\\n";
  if (character === "\r") return "\\r";
  if (character === "\t") return "\\t";
  return code < 0x100
    ? `\\x${code.toString(16).padStart(2, "0")}`
    : `\\u{${code.toString(16).padStart(4, "0")}}`;
}

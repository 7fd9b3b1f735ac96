import { hasFigures } from "./text-node-line.ts";
import { parseNodeTitle } from "./text-node-title.ts";

/** A line break that a string of a program or of JSON spells `\n`, where a line of a text plan begins after it. */
const ESCAPED_LINE = /\\n *(?:-> |[A-Z])/g;

/**
 * A text plan out of the string of a program or a log in which its line breaks are written as `\n`.
 *
 * @returns `null` when the text is no such string
 */
export function readEscapedText(text: string): string | null {
  if (/\\"(?:Node Type|Plan|QUERY PLAN)\\"/.test(text)) return null;
  const trimmed = text.trim();
  if (trimmed.startsWith("{") || trimmed.startsWith("[")) return null;
  const escaped = text.match(ESCAPED_LINE)?.length ?? 0;
  // A literal of a plan may have a `\n` too; but the plan itself then has lines.
  if (escaped === 0 || escaped < trimmed.split("\n").length) return null;
  const bare = trimmed
    .replace(/^[^"'`\\]{0,80}["'`](?=[A-Z]|duration)/, "")
    .replace(/(?<=\\n)["'`][;,)\]}]{0,4}$/, "");
  const [first = ""] = bare.split("\\n", 1);
  if (!hasFigures(bare) && parseNodeTitle(first) === null) return null;
  return bare.replaceAll(/\\(["'\\/nrt])/g, (_, char: string) => ESCAPES[char] ?? char);
}

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", r: "", t: "    " };

import { displayWidth } from "./display-width.ts";
import { safeSql } from "./safe-sql.ts";
import { sqlTokens } from "./sql-tokens.ts";

/**
 * SQL in lines of at most `width` columns, broken only where white space already was and outside of quotes.
 *
 * Can still be run. A token that is wider than `width` stands on a line of its own. Existing line breaks stay.
 */
export function wrapSql(sql: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  let pendingSpace = "";
  for (const chunk of chunksOf(safeSql(sql).trim())) {
    if (chunk.isSpace) {
      pendingSpace = chunk.text;
      continue;
    }
    const breaks = pendingSpace.includes("\n");
    const space = pendingSpace === "" ? "" : " ";
    if (line !== "" && (breaks || (space !== "" && overflows(line + space, chunk.text, width)))) {
      lines.push(line);
      line = breaks ? indentOf(pendingSpace, width) : "";
    } else {
      line += space;
    }
    const [first = "", ...rest] = chunk.text.split("\n");
    line += first;
    // A string or a body over several lines: its line breaks are part of it.
    for (const continued of rest) {
      lines.push(line);
      line = continued;
    }
    pendingSpace = "";
  }
  if (line !== "" || lines.length === 0) lines.push(line);
  return lines;
}

interface Chunk {
  readonly isSpace: boolean;
  readonly text: string;
}

/** Tokens that touch stay together; a line comment ends its line. */
function chunksOf(sql: string): readonly Chunk[] {
  const chunks: Chunk[] = [];
  let text = "";
  for (const token of sqlTokens(sql)) {
    if (token.kind === "space") {
      if (text !== "") chunks.push({ isSpace: false, text });
      chunks.push({ isSpace: true, text: token.text });
      text = "";
    } else {
      text += token.text;
    }
  }
  if (text !== "") chunks.push({ isSpace: false, text });
  return chunks;
}

function overflows(line: string, text: string, width: number): boolean {
  return displayWidth(line) + displayWidth(text.split("\n", 1)[0] ?? "") > width;
}

/** The indentation after the last line break, as long as it leaves half of the width. */
function indentOf(space: string, width: number): string {
  const columns = space.slice(space.lastIndexOf("\n") + 1).replaceAll("\t", "  ").length;
  return " ".repeat(Math.min(columns, Math.floor(width / 2)));
}

import { isUnsafe, neutralise } from "./neutralise.ts";
import { type SqlToken, sqlTokens } from "./sql-tokens.ts";

/**
 * The same statement without characters that a terminal or an editor would act on.
 *
 * PostgreSQL can write any character as an escape, so the statement still means the same: quoted names become `U&"…"`,
 * strings `U&'…'`. Comments show the escape. Line breaks and tabs between tokens stay.
 */
export function safeSql(sql: string): string {
  return isUnsafe(sql) ? sqlTokens(sql).map(safeToken).join("") : sql;
}

function safeToken({ kind, text }: SqlToken): string {
  if (kind === "space") return text.replaceAll(/[^\n\r\t ]/g, " ").replaceAll(/\r\n?/g, "\n");
  if (!isUnsafe(text)) return text;
  switch (kind) {
    case "identifier":
    case "string":
      return escaped(text);
    case "comment":
      return text
        .split(/\r\n|\r|\n/)
        .map(neutralise)
        .join("\n");
    case "dollar":
      // A function body: its line breaks and tabs are its own, and nothing inside can be written as an escape.
      return text.replaceAll(/[^\n\t]+/g, neutralise);
    case "parameter":
    case "number":
    case "word":
      return neutralise(text);
    default:
      return kind satisfies never;
  }
}

function escaped(text: string): string {
  // B'…', X'…' and N'…' have no escapes.
  if (/^[bnx]/i.test(text)) return neutralise(text);
  // E'…' and U&'…' have their own escapes already: their backslashes keep their meaning.
  const isEscapeString = /^e'/i.test(text);
  const isUnicode = /^u&/i.test(text);
  const body = isEscapeString || isUnicode ? text : `U&${text.replaceAll("\\", "\\\\")}`;
  return Array.from(body, (character) =>
    isUnsafe(character) ? escapeIn(character, isEscapeString) : character,
  ).join("");
}

function escapeIn(character: string, isEscapeString: boolean): string {
  const hex = (character.codePointAt(0) ?? 0).toString(16).padStart(4, "0");
  return isEscapeString ? `\\u${hex}` : `\\${hex}`;
}

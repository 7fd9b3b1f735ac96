import { sqlTokens } from "./sql-tokens.ts";

/** The statements of a text, without their semicolons and outer white space; empty ones are left out. */
export function sqlStatements(sql: string): readonly string[] {
  const statements: string[] = [];
  let statement = "";
  let hasSubstance = false;
  for (const { kind, text } of [...sqlTokens(sql), { kind: "word", text: ";" }]) {
    if (kind === "word" && text === ";") {
      if (hasSubstance) statements.push(statement.trim());
      statement = "";
      hasSubstance = false;
    } else {
      statement += text;
      hasSubstance ||= kind !== "space" && kind !== "comment";
    }
  }
  return statements;
}

/** Equal for statements that differ in white space and comments only. */
export function statementKey(statement: string): string {
  return sqlTokens(statement)
    .map(({ kind, text }) => (kind === "space" || kind === "comment" ? " " : text))
    .join("")
    .replaceAll(/ +/g, " ")
    .trim();
}

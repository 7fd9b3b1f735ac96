import { sqlTokens } from "./sql-tokens.ts";

/**
 * The statement with `$n` in place of every constant and without comments, as pg_stat_statements shows it: safe to print.
 *
 * Works on text that no parser would take: an open quote hides everything behind it. Names stay. Numbers count on from the
 * parameters that are there already, so that doing it twice changes nothing.
 */
export function withoutLiterals(sql: string): string {
  const tokens = sqlTokens(sql);
  let last = tokens.reduce(
    (highest, { kind, text }) =>
      kind === "parameter" ? Math.max(highest, Number(text.slice(1))) : highest,
    0,
  );
  return tokens
    .map(({ kind, text }) => {
      if (kind === "comment") return " ";
      if (kind !== "string" && kind !== "dollar" && kind !== "number") return text;
      last += 1;
      return `$${last}`;
    })
    .join("")
    .trim();
}

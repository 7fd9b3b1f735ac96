import { type Token, tokenize } from "./tokens.ts";

/**
 * Puts `$n` in the place of every literal: `(email = 'a@b.c'::text)` -> `(email = $1::text)`.
 *
 * Numbers go on after the parameters that the text has. `NULL`, `true` and `false` stay, and so do the lengths in types
 * (`numeric(10,2)`), which are schema and not values.
 */
export function redactLiterals(text: string): string {
  const tokens = tokenize(text);
  let next = 1 + tokens.reduce((most, token) => Math.max(most, parameterNumber(token)), 0);
  const pieces: string[] = [];
  let from = 0;
  for (const [at, token] of tokens.entries()) {
    if (token.kind !== "string" && (token.kind !== "number" || isTypeLength(tokens, at))) continue;
    pieces.push(text.slice(from, token.start), `$${next}`);
    from = token.end;
    next += 1;
  }
  pieces.push(text.slice(from));
  return pieces.join("");
}

function parameterNumber(token: Token): number {
  return token.kind === "parameter" ? Number(token.text.slice(1)) : 0;
}

/** Inside the brackets that follow `::type words`; looks back a few tokens, since a type has few words. */
function isTypeLength(tokens: readonly Token[], at: number): boolean {
  let back = at - 1;
  while (back >= 0 && back > at - 4 && /^[\d,]+$/.test(tokens[back]?.text ?? "")) back -= 1;
  if (tokens[back]?.text !== "(") return false;
  back -= 1;
  for (let words = 0; words < 5 && tokens[back]?.kind === "name"; words += 1) back -= 1;
  return tokens[back]?.text === "::" && tokens[back + 1]?.kind === "name";
}

/** How an index condition uses one key. */
export type KeyUse = "equality" | "other";

/*
 * Words, quoted names, strings, numbers, operators. Only names before operators matter here, so what a literal looks like in
 * every corner does not.
 */
const TOKEN =
  /E?'(?:[^']|'')*'|"(?:[^"]|"")*"|[\p{L}_][\p{L}\p{N}_$]*|\d+(?:\.\d+)?|::|[-+*/<>=~!@#%^&|`?]+|\S/gu;

/**
 * Which keys of an index its condition restricts.
 *
 * The condition is read as PostgreSQL prints it: clauses joined by AND, each with the key on its left.
 *
 * @param condition - `((status = 'open'::text) AND (o.user_id > 7))`
 * @param keys - as `pg_get_indexdef` prints each: `status`, `lower((email)::text)`
 * @param alias - what the printed columns may be prefixed with
 * @returns position of the key -> how it is used; the strictest where there are several clauses
 */
export function conditionKeys(
  condition: string,
  keys: readonly string[],
  alias: string | null,
): ReadonlyMap<number, KeyUse> {
  const normalizedKeys = keys.map((key) => normalize(tokens(key), null));
  const uses = new Map<number, KeyUse>();
  for (const clause of splitClauses(tokens(condition))) {
    const words = normalize(clause, alias);
    const isRow = words[0]?.toUpperCase() === "ROW";
    const used = longestKey(isRow ? words.slice(1) : words, normalizedKeys);
    if (used === null) continue;
    const [position, length] = used;
    const isEquality = !isRow && isEqualityOperator(words.slice(length));
    if (isEquality || !uses.has(position)) uses.set(position, isEquality ? "equality" : "other");
  }
  return uses;
}

/** `=`, `= ANY`, `IS NULL`; a cast or collation of the key may come first. */
function isEqualityOperator(rest: readonly string[]): boolean {
  let position = 0;
  while (rest[position] === "::") {
    position += 1;
    // The type's name: everything up to the operator.
    while (position < rest.length && /^[\p{L}_"\d,.[\]]/u.test(rest[position] ?? "")) {
      if (rest[position]?.toUpperCase() === "IS") break;
      position += 1;
    }
  }
  while (rest[position] === "COLLATE" || rest[position] === ".") position += 2;
  if (rest[position] === "=") return true;
  return rest[position]?.toUpperCase() === "IS" && rest[position + 1]?.toUpperCase() === "NULL";
}

function longestKey(
  words: readonly string[],
  keys: readonly (readonly string[])[],
): readonly [position: number, length: number] | null {
  let best: readonly [number, number] | null = null;
  for (const [position, key] of keys.entries()) {
    const matches = key.every((word, index) => words[index] === word);
    if (matches && (best === null || key.length > best[1])) best = [position, key.length];
  }
  return best;
}

function tokens(text: string): string[] {
  return text.match(TOKEN) ?? [];
}

/** Clauses between the ANDs of the outermost level. */
function splitClauses(all: readonly string[]): string[][] {
  const clauses: string[][] = [[]];
  const outer = wraps(all) ? all.slice(1, -1) : all;
  let depth = 0;
  for (const token of outer) {
    if (token === "(") depth += 1;
    if (token === ")") depth -= 1;
    if (depth === 0 && token === "AND") clauses.push([]);
    else clauses.at(-1)?.push(token);
  }
  return clauses;
}

/** The first parenthesis closes with the last token. */
function wraps(all: readonly string[]): boolean {
  if (all[0] !== "(") return false;
  let depth = 0;
  for (const [position, token] of all.entries()) {
    if (token === "(") depth += 1;
    if (token === ")") depth -= 1;
    if (depth === 0) return position === all.length - 1;
  }
  return false;
}

/** Without parentheses and without the table's alias: both are printed in some places and not in others. */
function normalize(all: readonly string[], alias: string | null): string[] {
  const words: string[] = [];
  for (let position = 0; position < all.length; position += 1) {
    const token = all[position] ?? "";
    if (token === "(" || token === ")") continue;
    if (alias !== null && all[position + 1] === "." && unquote(token) === alias) {
      position += 1;
      continue;
    }
    words.push(token);
  }
  return words;
}

function unquote(token: string): string {
  return token.startsWith('"') ? token.slice(1, -1).replaceAll('""', '"') : token;
}

/**
 * Splits a PostgreSQL array literal into the texts of its elements, unquoted; nested arrays stay text.
 *
 * @returns `null` when it is no array literal
 */
export function parseArrayLiteral(literal: string): string[] | null {
  if (!literal.startsWith("{") || !literal.endsWith("}")) return null;
  const elements: string[] = [];
  let current = "";
  let isQuoted = false;
  let depth = 0;
  let hasContent = false;
  for (let position = 1; position < literal.length - 1; position += 1) {
    const character = literal[position] ?? "";
    if (character === "\\") {
      position += 1;
      current += literal[position] ?? "";
    } else if (character === '"') {
      isQuoted = !isQuoted;
      hasContent = true;
    } else if (character === "," && !isQuoted && depth === 0) {
      elements.push(current);
      current = "";
      hasContent = true;
    } else {
      if (!isQuoted && character === "{") depth += 1;
      if (!isQuoted && character === "}") depth -= 1;
      current += character;
      hasContent = true;
    }
  }
  if (hasContent) elements.push(current);
  return elements;
}

/** Elements of an array literal; -1 when it is none. Arrays of `box`, whose separator is `;`, count as one element. */
export function countElements(literal: string): number {
  return parseArrayLiteral(literal)?.length ?? -1;
}

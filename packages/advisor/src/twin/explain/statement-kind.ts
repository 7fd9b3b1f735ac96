const PLANNABLE: ReadonlySet<string> = new Set([
  "SELECT",
  "INSERT",
  "UPDATE",
  "DELETE",
  "MERGE",
  "VALUES",
  "TABLE",
  "WITH",
]);

/** White space and comments; block comments nest, which a regular expression can only follow a few levels deep. */
const LEADING_TRIVIA = /^(?:\s+|--[^\n]*(?:\n|$)|\/\*(?:[^*]|\*(?!\/))*\*\/)+/u;

/** The first word of a statement that has no plan, DDL above all; `null` where it may have one. */
export function unplannableCommand(text: string): string | null {
  const statement = text.replace(LEADING_TRIVIA, "").replace(/^[(\s]+/u, "");
  const word = /^[a-z_]+/iu.exec(statement)?.[0].toUpperCase();
  return word === undefined || PLANNABLE.has(word) ? null : word;
}

/** White space, comments and semicolons only. */
export function isEmptyStatement(text: string): boolean {
  return /^[;\s]*$/u.test(text.replace(LEADING_TRIVIA, ""));
}

/**
 * What a spreadsheet may run when a cell begins with it: `=`, `+`, `-`, `@` and their full-width forms, also behind white space or quotes, and a leading tab or line break.
 *
 * Source: https://owasp.org/www-community/attacks/CSV_Injection
 */
const FORMULA = /^[\s"']*[=+\-@＝＋－＠]|^[\t\r\n]/u;

/** A number, an amount of money among them: no formula, and of no use any more with a quote before it. */
const NUMBER = /^[+-]?(?:\p{Sc}?\d[\d,.]*(?:e[+-]?\d+)?|infinity)$/iu;

/** True when a spreadsheet might take this cell for a formula. */
export function isFormula(cell: string): boolean {
  return FORMULA.test(cell) && !NUMBER.test(cell);
}

import type { BinaryOperator } from "./lua-ast.ts";

/** How strongly an operator binds, to its left and to its right. Source: Lua 5.1, lparser.c, `priority`. */
export const BINDING: Readonly<Record<BinaryOperator, readonly [left: number, right: number]>> = {
  or: [1, 1],
  and: [2, 2],
  "<": [3, 3],
  ">": [3, 3],
  "<=": [3, 3],
  ">=": [3, 3],
  "~=": [3, 3],
  "==": [3, 3],
  "..": [5, 4],
  "+": [6, 6],
  "-": [6, 6],
  "*": [7, 7],
  "/": [7, 7],
  "%": [7, 7],
  "^": [10, 9],
};

export function isBinary(text: string): text is BinaryOperator {
  return Object.hasOwn(BINDING, text);
}

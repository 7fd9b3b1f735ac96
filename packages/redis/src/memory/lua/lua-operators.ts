import type { BinaryOperator } from "./lua-ast.ts";
import { numberToString, toNumber } from "./lua-number.ts";
import { LuaTable } from "./lua-table.ts";
import { LuaError, type LuaFunction, type LuaValue, typeName } from "./lua-value.ts";

/** Where a runtime error shows: `user_script:3: …`. */
export function raise(line: number, message: string): never {
  throw new LuaError(`user_script:${line}: ${message}`, true);
}

export function arithmetic(
  operator: "+" | "-" | "*" | "/" | "%" | "^",
  left: LuaValue,
  right: LuaValue,
  line: number,
): number {
  const a = typeof left === "number" ? left : toNumber(left);
  const b = typeof right === "number" ? right : toNumber(right);
  if (a === undefined || b === undefined)
    return raise(
      line,
      `attempt to perform arithmetic on a ${typeName(a === undefined ? left : right)} value`,
    );
  if (operator === "+") return a + b;
  if (operator === "-") return a - b;
  if (operator === "*") return a * b;
  if (operator === "/") return a / b;
  return operator === "%" ? a - Math.floor(a / b) * b : a ** b;
}

function concatenate(left: LuaValue, right: LuaValue, line: number): string {
  const a = toConcatenated(left);
  const b = toConcatenated(right);
  if (a === undefined || b === undefined)
    return raise(
      line,
      `attempt to concatenate a ${typeName(a === undefined ? left : right)} value`,
    );
  return a + b;
}

function toConcatenated(value: LuaValue): string | undefined {
  if (typeof value === "string") return value;
  return typeof value === "number" ? numberToString(value) : undefined;
}

/** Strings by their bytes, as Lua does in the C locale. */
export function isLess(left: LuaValue, right: LuaValue, line: number): boolean {
  if (typeof left === "number" && typeof right === "number") return left < right;
  if (typeof left === "string" && typeof right === "string") return left < right;
  return cannotCompare(left, right, line);
}

function isLessOrEqual(left: LuaValue, right: LuaValue, line: number): boolean {
  if (typeof left === "number" && typeof right === "number") return left <= right;
  if (typeof left === "string" && typeof right === "string") return left <= right;
  return cannotCompare(left, right, line);
}

function cannotCompare(left: LuaValue, right: LuaValue, line: number): never {
  const [a, b] = [typeName(left), typeName(right)];
  return raise(
    line,
    a === b ? `attempt to compare two ${a} values` : `attempt to compare ${a} with ${b}`,
  );
}

export function lengthOf(value: LuaValue, line: number): number {
  if (typeof value === "string" || value instanceof LuaTable) return value.length;
  return raise(line, `attempt to get length of a ${typeName(value)} value`);
}

/** @param strings - the library, whose functions strings have as methods */
export function getIndex(
  object: LuaValue,
  key: LuaValue,
  line: number,
  strings: LuaTable,
): LuaValue {
  if (object instanceof LuaTable) {
    const value = object.get(key);
    if (value !== undefined || object.metatable === undefined) return value;
    const handler = object.metatable.get("__index");
    if (typeof handler === "function") return handler([object, key])[0];
    return handler === undefined ? undefined : getIndex(handler, key, line, strings);
  }
  if (typeof object === "string") return strings.get(key);
  return raise(line, `attempt to index a ${typeName(object)} value`);
}

export function setIndex(object: LuaValue, key: LuaValue, value: LuaValue, line: number): void {
  if (!(object instanceof LuaTable))
    return raise(line, `attempt to index a ${typeName(object)} value`);
  if (object.isReadonly) return raise(line, "Attempt to modify a readonly table");
  const handler = object.metatable?.get("__newindex");
  if (handler === undefined || object.get(key) !== undefined) {
    object.set(key, value);
    return undefined;
  }
  if (typeof handler !== "function") return setIndex(handler, key, value, line);
  handler([object, key, value]);
  return undefined;
}

export function toCallable(value: LuaValue, line: number): LuaFunction {
  if (typeof value === "function") return value;
  const handler = value instanceof LuaTable ? value.metatable?.get("__call") : undefined;
  if (typeof handler === "function") return (args) => handler([value, ...args]);
  return raise(line, `attempt to call a ${typeName(value)} value`);
}

/** Those that need both operands. */
export type StrictOperator = Exclude<BinaryOperator, "and" | "or">;

export function applyBinary(
  operator: StrictOperator,
  left: LuaValue,
  right: LuaValue,
  line: number,
): LuaValue {
  if (operator === "==") return left === right;
  if (operator === "~=") return left !== right;
  if (operator === "<") return isLess(left, right, line);
  if (operator === "<=") return isLessOrEqual(left, right, line);
  if (operator === ">") return isLess(right, left, line);
  if (operator === ">=") return isLessOrEqual(right, left, line);
  if (operator === "..") return concatenate(left, right, line);
  return arithmetic(operator, left, right, line);
}

import type { Call, Expression, FunctionBody } from "./lua-ast.ts";
import type { Box, Environment, Frame } from "./lua-frame.ts";
import { applyBinary, arithmetic, getIndex, lengthOf, toCallable } from "./lua-operators.ts";
import { LuaTable } from "./lua-table.ts";
import { impossible, isTruthy, LuaError, type LuaFunction, type LuaValue } from "./lua-value.ts";

export type Evaluate = (frame: Frame) => LuaValue;
export type EvaluateMany = (frame: Frame) => readonly LuaValue[];

/** One value. */
export function compileExpression(expression: Expression, environment: Environment): Evaluate {
  switch (expression.kind) {
    case "constant": {
      const { value } = expression;
      return () => value;
    }
    case "varargs":
      return (frame) => frame.varargs[0];
    case "local": {
      const { local } = expression;
      return (frame) => frame.getLocal(local);
    }
    case "upvalue": {
      const { index } = expression;
      return (frame) => frame.upvalues[index]?.value;
    }
    case "global": {
      const { name, line } = expression;
      return () => environment.getGlobal(name, line);
    }
    case "index": {
      const object = compileExpression(expression.object, environment);
      const key = compileExpression(expression.key, environment);
      const { line } = expression;
      return (frame) => getIndex(object(frame), key(frame), line, environment.strings);
    }
    case "call": {
      const call = compileCall(expression, environment);
      return (frame) => call(frame)[0];
    }
    case "function":
      return compileClosure(expression.body, environment);
    case "binary":
      return compileBinary(expression, environment);
    case "unary":
      return compileUnary(expression, environment);
    case "single":
      return compileExpression(expression.inner, environment);
    case "table":
      return compileTable(expression, environment);
  }
  return impossible(expression);
}

/** A list of values: the last expression gives all that it has. */
export function compileMany(
  expressions: readonly Expression[],
  environment: Environment,
): EvaluateMany {
  const last = expressions.at(-1);
  if (last === undefined) return () => [];
  const all = last.kind === "call" ? compileCall(last, environment) : undefined;
  if (all !== undefined && expressions.length === 1) return all;
  const isOpen = all !== undefined || last.kind === "varargs";
  const singles = (isOpen ? expressions.slice(0, -1) : expressions).map((each) =>
    compileExpression(each, environment),
  );
  if (!isOpen) return (frame) => singles.map((single) => single(frame));
  const rest: EvaluateMany = all ?? ((frame) => frame.varargs);
  return (frame) => [...singles.map((single) => single(frame)), ...rest(frame)];
}

function compileCall({ args, callee, line, method }: Call, environment: Environment): EvaluateMany {
  const given = compileMany(args, environment);
  const target = compileExpression(callee, environment);
  if (method === undefined)
    return (frame) => {
      const called = toCallable(target(frame), line);
      return place(called, given(frame), line);
    };
  return (frame) => {
    const object = target(frame);
    const called = getIndex(object, method, line, environment.strings);
    return place(toCallable(called, line), [object, ...given(frame)], line);
  };
}

function place(called: LuaFunction, args: readonly LuaValue[], line: number): readonly LuaValue[] {
  try {
    return called(args);
  } catch (error) {
    if (error instanceof LuaError && !error.isPlaced && typeof error.value === "string")
      throw new LuaError(`user_script:${line}: ${error.value}`, true);
    throw error;
  }
}

function compileClosure(body: FunctionBody, environment: Environment): Evaluate {
  const close = environment.compileFunction(body, environment);
  const { upvalues } = body;
  return (frame) =>
    close(
      upvalues.map(({ from }): Box => {
        if ("local" in from) return frame.box(from.local);
        return frame.upvalues[from.upvalue] ?? { value: undefined };
      }),
    );
}

function compileBinary(
  { left, line, operator, right }: Extract<Expression, { kind: "binary" }>,
  environment: Environment,
): Evaluate {
  const a = compileExpression(left, environment);
  const b = compileExpression(right, environment);
  if (operator === "and")
    return (frame) => {
      const value = a(frame);
      return isTruthy(value) ? b(frame) : value;
    };
  if (operator === "or")
    return (frame) => {
      const value = a(frame);
      return isTruthy(value) ? value : b(frame);
    };
  return (frame) => applyBinary(operator, a(frame), b(frame), line);
}

function compileUnary(
  { line, operand, operator }: Extract<Expression, { kind: "unary" }>,
  environment: Environment,
): Evaluate {
  const value = compileExpression(operand, environment);
  switch (operator) {
    case "not":
      return (frame) => !isTruthy(value(frame));
    case "#":
      return (frame) => lengthOf(value(frame), line);
    case "-":
      return (frame) => {
        const negated = value(frame);
        return typeof negated === "number" ? -negated : arithmetic("*", negated, -1, line);
      };
  }
  return impossible(operator);
}

function compileTable(
  { fields, items }: Extract<Expression, { kind: "table" }>,
  environment: Environment,
): Evaluate {
  const named = fields.map(({ key, value }) => ({
    key: compileExpression(key, environment),
    value: compileExpression(value, environment),
  }));
  const listed = compileMany(items, environment);
  return (frame) => {
    const table = new LuaTable();
    for (const { key, value } of named) table.set(key(frame), value(frame));
    const values = listed(frame);
    for (let index = 0; index < values.length; index += 1) table.set(index + 1, values[index]);
    return table;
  };
}

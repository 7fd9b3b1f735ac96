import type { Expression, FunctionBody, Statement, Target } from "./lua-ast.ts";
import { compileExpression, compileMany, type Evaluate } from "./lua-expressions.ts";
import { type Box, type Environment, Frame } from "./lua-frame.ts";
import { toNumber } from "./lua-number.ts";
import { raise, setIndex, toCallable } from "./lua-operators.ts";
import { impossible, isTruthy, type LuaFunction, type LuaValue } from "./lua-value.ts";

const BREAK = Symbol("break");

/** What ends the statements around: a `break`, or the values of a `return`. */
type Signal = undefined | typeof BREAK | readonly LuaValue[];
type Execute = (frame: Frame) => Signal;

const NOTHING: readonly LuaValue[] = [];

/** Compiles the body of a function once; each call of the result makes a closure over the boxes of its upvalues. */
export function compileFunction(
  { parameters, isVariadic, body, slotCount }: FunctionBody,
  environment: Environment,
): (upvalues: readonly Box[]) => LuaFunction {
  const run = compileBlock(body, environment);
  return (upvalues) => (args) => {
    const frame = new Frame(
      slotCount,
      upvalues,
      isVariadic ? args.slice(parameters.length) : NOTHING,
    );
    for (const [index, parameter] of parameters.entries()) frame.declare(parameter, args[index]);
    environment.enter();
    try {
      const signal = run(frame);
      return signal === undefined || signal === BREAK ? NOTHING : signal;
    } finally {
      environment.leave();
    }
  };
}

function compileBlock(statements: readonly Statement[], environment: Environment): Execute {
  const steps = statements.map((statement) => compileStatement(statement, environment));
  return (frame) => {
    for (const step of steps) {
      const signal = step(frame);
      if (signal !== undefined) return signal;
    }
    return undefined;
  };
}

function compileStatement(statement: Statement, environment: Environment): Execute {
  switch (statement.kind) {
    case "local": {
      const { locals, values } = statement;
      const [local] = locals;
      if (locals.length === 1 && values.length === 1 && local !== undefined) {
        const value = compileFirst(values[0], environment);
        return (frame) => frame.declare(local, value(frame));
      }
      const many = compileMany(values, environment);
      return (frame) => {
        const given = many(frame);
        for (const [index, each] of locals.entries()) frame.declare(each, given[index]);
        return undefined;
      };
    }
    case "localFunction": {
      const make = compileExpression({ kind: "function", body: statement.body }, environment);
      return (frame) => {
        // Declared first: the function may call itself.
        frame.declare(statement.local, undefined);
        frame.setLocal(statement.local, make(frame));
        return undefined;
      };
    }
    case "assign":
      return compileAssignment(statement.targets, statement.values, environment);
    case "call": {
      const call = compileMany([statement.call], environment);
      return (frame) => {
        call(frame);
        return undefined;
      };
    }
    case "do":
      return compileBlock(statement.body, environment);
    case "while": {
      const condition = compileExpression(statement.condition, environment);
      const body = compileBlock(statement.body, environment);
      return (frame) => {
        while (isTruthy(condition(frame))) {
          environment.tick();
          const signal = body(frame);
          if (signal === BREAK) break;
          if (signal !== undefined) return signal;
        }
        return undefined;
      };
    }
    case "repeat": {
      const condition = compileExpression(statement.condition, environment);
      const body = compileBlock(statement.body, environment);
      return (frame) => {
        do {
          environment.tick();
          const signal = body(frame);
          if (signal === BREAK) break;
          if (signal !== undefined) return signal;
        } while (!isTruthy(condition(frame)));
        return undefined;
      };
    }
    case "if": {
      const branches = statement.branches.map(({ condition, body }) => ({
        condition: compileExpression(condition, environment),
        body: compileBlock(body, environment),
      }));
      const otherwise = compileBlock(statement.otherwise, environment);
      return (frame) => {
        for (const { condition, body } of branches)
          if (isTruthy(condition(frame))) return body(frame);
        return otherwise(frame);
      };
    }
    case "for":
      return compileFor(statement, environment);
    case "forIn":
      return compileForIn(statement, environment);
    case "return":
      return compileMany(statement.values, environment);
    case "break":
      return () => BREAK;
  }
  return impossible(statement);
}

function compileFirst(expression: Expression | undefined, environment: Environment): Evaluate {
  return compileExpression(expression ?? { kind: "constant", value: undefined }, environment);
}

function compileAssignment(
  targets: readonly Target[],
  values: readonly Expression[],
  environment: Environment,
): Execute {
  const stores = targets.map((target) => compileStore(target, environment));
  const [store] = stores;
  if (stores.length === 1 && values.length === 1 && store !== undefined) {
    const value = compileFirst(values[0], environment);
    return (frame) => {
      store(frame)(value(frame));
      return undefined;
    };
  }
  const many = compileMany(values, environment);
  return (frame) => {
    // Objects and keys on the left are worked out before anything is assigned.
    const ready = stores.map((each) => each(frame));
    const given = many(frame);
    for (const [index, set] of ready.entries()) set(given[index]);
    return undefined;
  };
}

function compileStore(
  target: Target,
  environment: Environment,
): (frame: Frame) => (value: LuaValue) => void {
  switch (target.kind) {
    case "local":
      return (frame) => (value) => frame.setLocal(target.local, value);
    case "upvalue":
      return (frame) => (value) => {
        const box = frame.upvalues[target.index];
        if (box !== undefined) box.value = value;
      };
    case "global":
      return () => (value) => environment.setGlobal(target.name, value, target.line);
    case "index": {
      const object = compileExpression(target.object, environment);
      const key = compileExpression(target.key, environment);
      return (frame) => {
        const table = object(frame);
        const at = key(frame);
        return (value) => setIndex(table, at, value, target.line);
      };
    }
  }
  return impossible(target);
}

function compileFor(
  { variable, from, to, step, body, line }: Extract<Statement, { kind: "for" }>,
  environment: Environment,
): Execute {
  const bounds = [from, to, step ?? ({ kind: "constant", value: 1 } as const)].map((each) =>
    compileExpression(each, environment),
  );
  const run = compileBlock(body, environment);
  const names = ["initial", "limit", "step"];
  return (frame) => {
    const [first = 0, last = 0, by = 1] = bounds.map(
      (bound, index) =>
        toNumber(bound(frame)) ?? raise(line, `'for' ${names[index]} value must be a number`),
    );
    for (let value = first; by > 0 ? value <= last : value >= last; value += by) {
      environment.tick();
      frame.declare(variable, value);
      const signal = run(frame);
      if (signal === BREAK) break;
      if (signal !== undefined) return signal;
    }
    return undefined;
  };
}

function compileForIn(
  { variables, values, body, line }: Extract<Statement, { kind: "forIn" }>,
  environment: Environment,
): Execute {
  const many = compileMany(values, environment);
  const run = compileBlock(body, environment);
  return (frame) => {
    const [iterator, state, initial] = many(frame);
    const next = toCallable(iterator, line);
    let control = initial;
    for (;;) {
      environment.tick();
      const given = next([state, control]);
      [control] = given;
      if (control === undefined) return undefined;
      for (const [index, variable] of variables.entries()) frame.declare(variable, given[index]);
      const signal = run(frame);
      if (signal === BREAK) return undefined;
      if (signal !== undefined) return signal;
    }
  };
}

import type { FunctionBody, Local } from "./lua-ast.ts";
import { raise } from "./lua-operators.ts";
import { LuaTable } from "./lua-table.ts";
import type { LuaFunction, LuaValue } from "./lua-value.ts";

/** A variable that functions share. */
export interface Box {
  value: LuaValue;
}

/** One call of a function. */
export class Frame {
  readonly upvalues: readonly Box[];
  readonly varargs: readonly LuaValue[];
  readonly #values: LuaValue[];
  readonly #boxes: Box[] = [];

  constructor(slotCount: number, upvalues: readonly Box[], varargs: readonly LuaValue[]) {
    this.#values = Array.from({ length: slotCount });
    this.upvalues = upvalues;
    this.varargs = varargs;
  }

  /** A new variable: a closure that was made in the last turn of a loop keeps that turn's. */
  declare(local: Local, value: LuaValue): undefined {
    if (local.isCaptured) this.#boxes[local.slot] = { value };
    else this.#values[local.slot] = value;
  }

  getLocal(local: Local): LuaValue {
    return local.isCaptured ? this.#boxes[local.slot]?.value : this.#values[local.slot];
  }

  setLocal(local: Local, value: LuaValue): void {
    if (local.isCaptured) this.box(local).value = value;
    else this.#values[local.slot] = value;
  }

  box(local: Local): Box {
    const box = this.#boxes[local.slot] ?? { value: undefined };
    this.#boxes[local.slot] = box;
    return box;
  }
}

/** Expressions hold functions and functions hold expressions; this is how the first find the second. */
export type CompileFunction = (
  body: FunctionBody,
  environment: Environment,
) => (upvalues: readonly Box[]) => LuaFunction;

/** C stack overflow of Lua 5.1 comes at 200 nested C calls, that of Lua calls at 20,000; here JavaScript's own stack is the limit. */
const DEEPEST_CALL = 1_000;
/** Redis would run it for seconds, and answer BUSY to others. */
const MOST_TURNS = 10_000_000;

/** What all functions of one script share: its globals and its limits. */
export class Environment {
  readonly globals: LuaTable;
  readonly strings: LuaTable;
  readonly compileFunction: CompileFunction;
  #depth = 0;
  #turns = 0;

  constructor(globals: LuaTable, compileFunction: CompileFunction) {
    this.globals = globals;
    this.compileFunction = compileFunction;
    const strings = globals.get("string");
    this.strings = strings instanceof LuaTable ? strings : new LuaTable();
  }

  /** Begins a run of the script. */
  reset(): void {
    this.#depth = 0;
    this.#turns = 0;
  }

  enter(): void {
    this.#depth += 1;
    if (this.#depth > DEEPEST_CALL) raise(0, "stack overflow");
  }

  leave(): void {
    this.#depth -= 1;
  }

  /** One turn of a loop. */
  tick(): void {
    this.#turns += 1;
    if (this.#turns > MOST_TURNS) raise(0, `a loop ran for more than ${MOST_TURNS} turns`);
  }

  getGlobal(name: string, line: number): LuaValue {
    const value = this.globals.get(name);
    if (value === undefined)
      raise(line, `Script attempted to access nonexistent global variable '${name}'`);
    return value;
  }

  setGlobal(name: string, _value: LuaValue, line: number): void {
    raise(line, `Attempt to modify a readonly table: global '${name}'`);
  }
}

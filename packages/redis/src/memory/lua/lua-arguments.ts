import { numberToString, toNumber } from "./lua-number.ts";
import { LuaTable } from "./lua-table.ts";
import { LuaError, type LuaFunction, type LuaValue, typeName } from "./lua-value.ts";

/** The arguments of a library function, read as that function takes them. `at` is 1-based, as in the messages. */
export class Arguments {
  readonly values: readonly LuaValue[];
  readonly #of: string;

  constructor(values: readonly LuaValue[], of: string) {
    this.values = values;
    this.#of = of;
  }

  fail(at: number, message: string): never {
    throw new LuaError(`bad argument #${at} to '${this.#of}' (${message})`);
  }

  number(at: number, otherwise?: number): number {
    const value = this.values[at - 1];
    if (value === undefined && otherwise !== undefined) return otherwise;
    return toNumber(value) ?? this.#expected(at, "number");
  }

  string(at: number, otherwise?: string): string {
    const value = this.values[at - 1];
    if (value === undefined && otherwise !== undefined) return otherwise;
    if (typeof value === "number") return numberToString(value);
    return typeof value === "string" ? value : this.#expected(at, "string");
  }

  table(at: number): LuaTable {
    const value = this.values[at - 1];
    return value instanceof LuaTable ? value : this.#expected(at, "table");
  }

  function(at: number): LuaFunction {
    const value = this.values[at - 1];
    return typeof value === "function" ? value : this.#expected(at, "function");
  }

  any(at: number): LuaValue {
    if (at > this.values.length) this.fail(at, "value expected");
    return this.values[at - 1];
  }

  #expected(at: number, expected: string): never {
    const got = at > this.values.length ? "no value" : typeName(this.values[at - 1]);
    return this.fail(at, `${expected} expected, got ${got}`);
  }
}

/** A function of a library: gives one value, or several as an array. */
export type LibraryFunction = (args: Arguments) => LuaValue | readonly LuaValue[];

/** A library as a table that scripts cannot change. */
export function library(
  name: string,
  functions: Readonly<Record<string, LibraryFunction>>,
  constants: Readonly<Record<string, LuaValue>> = {},
): LuaTable {
  const table = new LuaTable();
  for (const [key, run] of Object.entries(functions)) table.set(key, toLua(key, run));
  for (const [key, value] of Object.entries(constants)) table.set(key, value);
  table.isReadonly = name !== "";
  return table;
}

export function toLua(name: string, run: LibraryFunction): LuaFunction {
  return (values) => {
    const result = run(new Arguments(values, name));
    return isMany(result) ? result : [result];
  };
}

function isMany(result: LuaValue | readonly LuaValue[]): result is readonly LuaValue[] {
  return Array.isArray(result);
}

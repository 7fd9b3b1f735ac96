import { type LibraryFunction } from "./lua-arguments.ts";
import { numberToString, toNumber } from "./lua-number.ts";
import { LuaTable } from "./lua-table.ts";
import { isTruthy, LuaError, type LuaFunction, type LuaValue, typeName } from "./lua-value.ts";

/** What a metatable may hold here; the others are not modelled, and said so. */
const METHODS = new Set(["__index", "__newindex", "__call", "__metatable", "__tostring"]);

const next: LuaFunction = (args) => {
  const [table, key] = args;
  if (!(table instanceof LuaTable))
    throw new LuaError("bad argument #1 to 'next' (table expected)");
  return table.next(key) ?? [undefined];
};

const nextIndex: LuaFunction = ([table, index]) => {
  if (!(table instanceof LuaTable) || typeof index !== "number") return [undefined];
  const value = table.get(index + 1);
  return value === undefined ? [undefined] : [index + 1, value];
};

export const baseFunctions: Readonly<Record<string, LibraryFunction>> = {
  assert: (args) => {
    if (isTruthy(args.any(1))) return args.values;
    throw new LuaError(args.string(2, "assertion failed!"), false);
  },
  error: (args) => {
    const [message] = args.values;
    throw new LuaError(message, args.number(2, 1) === 0 || typeof message !== "string");
  },
  getmetatable: (args) => {
    const value = args.any(1);
    const metatable = value instanceof LuaTable ? value.metatable : undefined;
    return metatable?.get("__metatable") ?? metatable;
  },
  ipairs: (args) => [nextIndex, args.table(1), 0],
  next: (args) => next(args.values),
  pairs: (args) => [next, args.table(1), undefined],
  // As Redis has changed it: of an error reply the text is given.
  pcall: (args) => {
    const [isFine, value, ...values] = protect(args.function(1), args.values.slice(1));
    const text = isFine === false && value instanceof LuaTable ? value.get("err") : undefined;
    return [isFine, typeof text === "string" ? text : value, ...values];
  },
  xpcall: (args) => {
    const [isFine, ...values] = protect(args.function(1), []);
    return isFine === true ? [true, ...values] : [false, ...args.function(2)(values)];
  },
  rawequal: (args) => args.any(1) === args.any(2),
  rawget: (args) => args.table(1).get(args.any(2)),
  rawset: (args) => {
    if (args.table(1).isReadonly) throw new LuaError("Attempt to modify a readonly table");
    args.table(1).set(args.any(2), args.any(3));
    return args.table(1);
  },
  select: (args) => {
    const { values } = args;
    if (values[0] === "#") return values.length - 1;
    const from = args.number(1);
    if (from < 0) return values.slice(Math.max(1, values.length + from));
    return from < 1 ? args.fail(1, "index out of range") : values.slice(from);
  },
  setmetatable: (args) => {
    const table = args.table(1);
    if (table.isReadonly) throw new LuaError("Attempt to modify a readonly table");
    if (args.values[1] === undefined) {
      table.metatable = undefined;
      return table;
    }
    const metatable = args.table(2);
    for (
      let entry = metatable.next(undefined);
      entry !== undefined;
      entry = metatable.next(entry[0])
    )
      if (typeof entry[0] === "string" && entry[0].startsWith("__") && !METHODS.has(entry[0]))
        throw new LuaError(`the in-memory Redis does not model ${entry[0]}`);
    table.metatable = metatable;
    return table;
  },
  tonumber: (args) => {
    const base = args.number(2, 10);
    if (base === 10) return toNumber(args.any(1));
    const digits = args.string(1).trim().toLowerCase();
    const isNumber = Array.from(digits).every((digit) => Number.parseInt(digit, 36) < base);
    return isNumber && digits !== "" ? Number.parseInt(digits, base) : undefined;
  },
  tostring: (args) => toLuaString(args.any(1)),
  type: (args) => typeName(args.any(1)),
  unpack: (args) => {
    const table = args.table(1);
    const from = args.number(2, 1);
    const to = args.number(3, table.length);
    // What the stack of Lua holds.
    if (to - from >= 8_000) throw new LuaError("too many results to unpack");
    return Array.from({ length: Math.max(0, to - from + 1) }, (_, index) =>
      table.get(from + index),
    );
  },
};

function protect(run: LuaFunction, args: readonly LuaValue[]): readonly LuaValue[] {
  try {
    return [true, ...run(args)];
  } catch (error) {
    if (error instanceof LuaError) return [false, error.value];
    if (error instanceof RangeError) return [false, "stack overflow"];
    throw error;
  }
}

export function toLuaString(value: LuaValue): string {
  if (typeof value === "number") return numberToString(value);
  if (typeof value === "string") return value;
  if (value === undefined) return "nil";
  if (typeof value === "boolean") return String(value);
  if (typeof value === "function") return "function: 0x55d0c0de0000";
  const method = value.metatable?.get("__tostring");
  if (typeof method === "function") return toLuaString(method([value])[0]);
  return "table: 0x55d0c0de0000";
}

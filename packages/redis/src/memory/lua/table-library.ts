import { type LibraryFunction } from "./lua-arguments.ts";
import { numberToString } from "./lua-number.ts";
import { isLess } from "./lua-operators.ts";
import type { LuaTable } from "./lua-table.ts";
import { isTruthy, LuaError, typeName } from "./lua-value.ts";

export const tableFunctions: Readonly<Record<string, LibraryFunction>> = {
  concat: (args) => {
    const table = args.table(1);
    const separator = args.string(2, "");
    const from = args.number(3, 1);
    const to = args.number(4, table.length);
    const parts: string[] = [];
    for (let index = from; index <= to; index += 1) {
      const value = table.get(index);
      if (typeof value !== "string" && typeof value !== "number")
        throw new LuaError(
          `invalid value (${typeName(value)}) at index ${index} in table for 'concat'`,
        );
      parts.push(typeof value === "number" ? numberToString(value) : value);
    }
    return parts.join(separator);
  },
  getn: (args) => args.table(1).length,
  insert: (args) => {
    const table = changeable(args.table(1));
    if (args.values.length < 3) table.insert(table.length + 1, args.any(2));
    else if (args.number(2) >= 1 && args.number(2) <= table.length + 1)
      table.insert(args.number(2), args.any(3));
    else args.fail(2, "position out of bounds");
    return [];
  },
  maxn: (args) => {
    const table = args.table(1);
    let largest = 0;
    for (let entry = table.next(undefined); entry !== undefined; entry = table.next(entry[0]))
      if (typeof entry[0] === "number") largest = Math.max(largest, entry[0]);
    return largest;
  },
  remove: (args) => {
    const table = changeable(args.table(1));
    return table.remove(args.number(2, table.length));
  },
  sort: (args) => {
    const compare = args.values[1] === undefined ? undefined : args.function(2);
    changeable(args.table(1)).sort((left, right) => {
      if (compare === undefined) {
        if (isLess(left, right, 0)) return -1;
        return isLess(right, left, 0) ? 1 : 0;
      }
      if (isTruthy(compare([left, right])[0])) return -1;
      return isTruthy(compare([right, left])[0]) ? 1 : 0;
    });
    return [];
  },
};

function changeable(table: LuaTable): LuaTable {
  if (table.isReadonly) throw new LuaError("Attempt to modify a readonly table");
  return table;
}

import { type LibraryFunction } from "./lua-arguments.ts";
import { toGeneral } from "./lua-number.ts";
import { LuaTable } from "./lua-table.ts";
import { LuaError, type LuaValue, toBytes, toText, typeName } from "./lua-value.ts";

/** What `cjson.null` is: a value of its own that no script can make. */
export function cjsonFunctions(nothing: LuaTable): Readonly<Record<string, LibraryFunction>> {
  return {
    decode: (args) => {
      let parsed: unknown;
      try {
        parsed = JSON.parse(toText(args.string(1)));
      } catch {
        throw new LuaError("Expected value but found invalid token at character 1");
      }
      return fromJson(parsed, nothing);
    },
    encode: (args) => encode(args.any(1), nothing, 0),
  };
}

function fromJson(value: unknown, nothing: LuaTable): LuaValue {
  if (value === null) return nothing;
  if (typeof value === "string") return toBytes(value);
  if (typeof value === "number" || typeof value === "boolean") return value;
  if (Array.isArray(value)) return LuaTable.of(value.map((item) => fromJson(item, nothing)));
  const table = new LuaTable();
  for (const [key, item] of Object.entries(value ?? {}))
    table.set(toBytes(key), fromJson(item, nothing));
  return table;
}

/** `encode_max_depth` of cjson */
const DEEPEST = 1_000;

function encode(value: LuaValue, nothing: LuaTable, depth: number): string {
  if (value === nothing || value === undefined) return "null";
  if (typeof value === "boolean") return String(value);
  if (typeof value === "string") return quote(value);
  if (typeof value === "number") {
    if (!Number.isFinite(value))
      throw new LuaError("Cannot serialise number: must not be NaN or Inf");
    // `encode_number_precision`
    return toGeneral(value, 14);
  }
  if (typeof value === "function")
    throw new LuaError(`Cannot serialise ${typeName(value)}: type not supported`);
  if (depth > DEEPEST) throw new LuaError("Cannot serialise, excessive depth (1001)");
  return encodeTable(value, nothing, depth + 1);
}

/** `encode_sparse_ratio` and `encode_sparse_safe` */
const SPARSE_RATIO = 2;
const SPARSE_SAFE = 10;

/** An array where all keys are positive whole numbers, with null for what is missing; an empty table is an object. */
function encodeTable(table: LuaTable, nothing: LuaTable, depth: number): string {
  const entries: (readonly [LuaValue, LuaValue])[] = [];
  let largest = 0;
  for (let entry = table.next(undefined); entry !== undefined; entry = table.next(entry[0])) {
    const [key] = entry;
    const isIndex = typeof key === "number" && Number.isInteger(key) && key > 0;
    largest = isIndex ? Math.max(largest, key) : Number.POSITIVE_INFINITY;
    entries.push(entry);
  }
  if (entries.length > 0 && Number.isFinite(largest)) {
    if (largest > SPARSE_SAFE && largest > entries.length * SPARSE_RATIO)
      throw new LuaError("Cannot serialise table: excessively sparse array");
    const items = Array.from({ length: largest }, (_, index) =>
      encode(table.get(index + 1), nothing, depth),
    );
    return `[${items.join(",")}]`;
  }
  const fields = entries.map(([key, value]) => {
    if (typeof key !== "string" && typeof key !== "number")
      throw new LuaError("Cannot serialise table: table key must be a number or string");
    const name = typeof key === "number" ? toGeneral(key, 14) : key;
    return `${quote(name)}:${encode(value, nothing, depth)}`;
  });
  return `{${fields.join(",")}}`;
}

/** Bytes beyond ASCII as they are; a slash is escaped. */
function quote(bytes: string): string {
  // oxlint-disable-next-line no-control-regex
  return `"${bytes.replace(/["\\/\u0000-\u001f\u007f]/g, escape)}"`;
}

const ESCAPES: Readonly<Record<string, string>> = {
  '"': String.raw`\"`,
  "\\": String.raw`\\`,
  "/": String.raw`\/`,
  "\b": String.raw`\b`,
  "\f": String.raw`\f`,
  "\n": String.raw`\n`,
  "\r": String.raw`\r`,
  "\t": String.raw`\t`,
};

function escape(character: string): string {
  return (
    ESCAPES[character] ?? String.raw`\u` + character.charCodeAt(0).toString(16).padStart(4, "0")
  );
}

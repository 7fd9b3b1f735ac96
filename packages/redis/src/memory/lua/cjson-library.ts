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

function encodeTable(table: LuaTable, nothing: LuaTable, depth: number): string {
  const items: string[] = [];
  const fields: string[] = [];
  for (let entry = table.next(undefined); entry !== undefined; entry = table.next(entry[0])) {
    const [key, value] = entry;
    const text = encode(value, nothing, depth);
    if (typeof key === "number") items.push(text);
    if (typeof key !== "string" && typeof key !== "number")
      throw new LuaError("Cannot serialise table: table key must be a number or string");
    fields.push(`${quote(typeof key === "number" ? toGeneral(key, 14) : key)}:${text}`);
  }
  // An empty table is an object, in cjson as Redis has it.
  const isArray =
    items.length > 0 && items.length === fields.length && table.length === items.length;
  return isArray ? `[${items.join(",")}]` : `{${fields.join(",")}}`;
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

import type { LuaTable } from "./lua-table.ts";

/** A string holds bytes, one per character from 0 to 255, as Lua's strings do. `undefined` is nil. */
export type LuaValue = undefined | boolean | number | string | LuaTable | LuaFunction;

/** Takes and gives any number of values. */
export type LuaFunction = (args: readonly LuaValue[]) => readonly LuaValue[];

/** What `error` raises: any value. */
export class LuaError extends Error {
  readonly value: LuaValue;
  /** The text says where it was raised; where it does not, the call that it comes out of adds that. */
  readonly isPlaced: boolean;

  constructor(value: LuaValue, isPlaced: boolean = typeof value !== "string") {
    super(typeof value === "string" ? value : "a Lua error");
    this.name = "LuaError";
    this.value = value;
    this.isPlaced = isPlaced;
  }
}

/** Text as bytes of UTF-8, one per character. */
export function toBytes(text: string): string {
  return IS_ASCII.test(text) ? text : Buffer.from(text, "utf8").toString("latin1");
}

/** Bytes as the text that they are in UTF-8. */
export function toText(bytes: string): string {
  return IS_ASCII.test(bytes) ? bytes : Buffer.from(bytes, "latin1").toString("utf8");
}

// oxlint-disable-next-line no-control-regex
const IS_ASCII = /^[\0-\x7f]*$/;

export function typeName(value: LuaValue): string {
  if (value === undefined) return "nil";
  return typeof value === "object" ? value.kind : typeof value;
}

/** For the end of a switch that has all cases. */
export function impossible(value: never): never {
  throw new TypeError(`impossible: ${String(value)}`);
}

export function isTruthy(value: LuaValue): boolean {
  return value !== undefined && value !== false;
}

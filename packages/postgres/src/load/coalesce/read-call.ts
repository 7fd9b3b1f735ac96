import { isDate } from "node:util/types";
import type { RefusalReason } from "./point-query.ts";

/** One call of `query`, when it has the form of one that could be coalesced. */
export interface Call {
  readonly text: string;
  /** A copy: what the caller does to its array afterwards is not seen. */
  readonly values: readonly unknown[];
  /** Of a statement that the caller wants prepared. */
  readonly name: string | undefined;
  readonly isArrayMode: boolean;
  readonly signal: AbortSignal | undefined;
  /** What the caller itself says; `undefined` leaves it to the pool. */
  readonly wish: boolean | undefined;
}

const READ_OPTIONS = new Set(["text", "values", "name", "rowMode", "signal", "coalesce"]);

/** @returns the reason when it is called in another way than with a text or a plain config, and values with a text form of their own */
export function readCall(args: readonly unknown[]): Call | RefusalReason {
  const [first, second, third] = args;
  if (args.length < 3 && typeof first === "string" && Array.isArray(second)) {
    return plainCall(first, second);
  }
  if (args.some((arg) => typeof arg === "function")) return "callback";
  if (!isSignalOnly(third) || args.length > 3) return "options";
  const signal = signalOf(args);
  if (typeof first === "string") {
    const values = readValues(second);
    if (values === undefined) return "values";
    return { text: first, values, name: undefined, isArrayMode: false, signal, wish: undefined };
  }
  if (typeof first !== "object" || first === null) return "options";
  if ("submit" in first) return "submittable";
  if ("callback" in first && typeof first.callback === "function") return "callback";
  const prototype: unknown = Object.getPrototypeOf(first);
  // A class may compute what it gives; only pg may then ask it.
  if (prototype !== Object.prototype && prototype !== null) return "options";
  const config: Readonly<Record<string, unknown>> = { ...first };
  const isKnown = Object.keys(config).every(
    (key) => READ_OPTIONS.has(key) || config[key] === undefined,
  );
  const { text, name, rowMode, coalesce } = config;
  const isPlain =
    isKnown &&
    typeof text === "string" &&
    (name === undefined || typeof name === "string") &&
    (rowMode === undefined || rowMode === "array") &&
    (coalesce === undefined || typeof coalesce === "boolean");
  if (!isPlain) return "options";
  // pg takes values beside a config, too, and those win.
  const values = readValues(second ?? config["values"]);
  if (values === undefined) return "values";
  return {
    text,
    values,
    name: name === "" ? undefined : name,
    isArrayMode: rowMode === "array",
    signal,
    wish: coalesce,
  };
}

/** The common form, on the path of every query. */
function plainCall(text: string, given: readonly unknown[]): Call | RefusalReason {
  const values = readValues(given);
  if (values === undefined) return "values";
  return {
    text,
    values,
    name: undefined,
    isArrayMode: false,
    signal: undefined,
    wish: undefined,
  };
}

/** @returns a copy; `undefined` when there are none, or one is not written the same way alone and as the element of an array */
function readValues(given: unknown): readonly unknown[] | undefined {
  if (!Array.isArray(given) || given.length === 0) return undefined;
  const values: unknown[] = [];
  for (const value of given) {
    if (typeof value === "function" || typeof value === "symbol") return undefined;
    if (typeof value === "object" && value !== null && !isDate(value)) return undefined;
    values.push(value);
  }
  return values;
}

/** The text of a call, whatever its form; empty when it has none. */
export function textOf(args: readonly unknown[]): string {
  const [first] = args;
  if (typeof first === "string") return first;
  if (typeof first !== "object" || first === null || !("text" in first)) return "";
  return typeof first.text === "string" ? first.text : "";
}

/** A signal beside the text of any call that answers with a promise, or after its values, where `createPool` takes one. */
export function signalOf(args: readonly unknown[]): AbortSignal | undefined {
  const [first, , third] = args;
  if (args.some((arg) => typeof arg === "function")) return undefined;
  if (typeof first === "object" && first !== null && "submit" in first) return undefined;
  return signalIn(third) ?? signalIn(first);
}

function signalIn(options: unknown): AbortSignal | undefined {
  if (typeof options !== "object" || options === null || !("signal" in options)) return undefined;
  return options.signal instanceof AbortSignal ? options.signal : undefined;
}

/** What `createPool` takes after the values. */
function isSignalOnly(options: unknown): boolean {
  if (options === undefined) return true;
  if (typeof options !== "object" || options === null) return false;
  return Object.keys(options).every((key) => key === "signal");
}

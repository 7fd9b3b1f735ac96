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
  const [first, second, third, ...rest] = args;
  if (args.some((arg) => typeof arg === "function")) return "callback";
  if (!isSignalOnly(third) || rest.length > 0) return "options";
  if (typeof first === "string") {
    const signal = signalOf(args);
    return withValues(
      { text: first, name: undefined, isArrayMode: false, signal, wish: undefined },
      second,
    );
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
  const { text, values, name, rowMode, coalesce } = config;
  const signal = signalOf(args);
  const isPlain =
    isKnown &&
    typeof text === "string" &&
    (name === undefined || typeof name === "string") &&
    (rowMode === undefined || rowMode === "array") &&
    (coalesce === undefined || typeof coalesce === "boolean");
  if (!isPlain) return "options";
  return withValues(
    {
      text,
      name: name === "" ? undefined : name,
      isArrayMode: rowMode === "array",
      signal,
      wish: coalesce,
    },
    // pg takes values beside a config, too, and those win.
    second ?? values,
  );
}

function withValues(call: Omit<Call, "values">, values: unknown): Call | RefusalReason {
  if (!Array.isArray(values) || values.length === 0) return "values";
  return values.every(hasOwnText) ? { ...call, values: [...values] } : "values";
}

const PLAIN_TYPES: ReadonlySet<string> = new Set([
  "string",
  "number",
  "bigint",
  "boolean",
  "undefined",
]);

/** What pg writes the same way alone and as the element of an array. */
function hasOwnText(value: unknown): boolean {
  return value === null || PLAIN_TYPES.has(typeof value) || isDate(value);
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

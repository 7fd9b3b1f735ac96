import { type ArrayElement, formatArrayLiteral, parseArrayLiteral } from "./array-literal.ts";
import type { NumberMap } from "./number-map.ts";
import type { RankMap } from "./rank-map.ts";
import type { TextMap } from "./text-map.ts";
import type { TimeMap } from "./time-map.ts";
import type { ValueKind } from "./value-kind.ts";

/** The maps that all values of one snapshot go through, so that equal values stay equal wherever they stand. */
export interface ValueMaps {
  readonly numbers: NumberMap;
  readonly times: TimeMap;
  readonly texts: TextMap;
  readonly uuids: RankMap;
  readonly networks: RankMap;
  readonly macs: RankMap;
  readonly bytes: RankMap;
}

const DECIMAL = /^[+-]?\d+(?:\.\d+)?$/;
const EXPONENT = /^([+-]?)(\d+)(?:\.(\d+))?e([+-]?\d{1,3})$/i;
const NOT_FINITE = /^[+-]?(?:NaN|Infinity)$/i;

/**
 * Replaces one value.
 *
 * @returns a value of the same type; `null` where none can be made
 */
export function redactValue(value: string, kind: ValueKind, maps: ValueMaps): string | null {
  switch (kind.kind) {
    case "kept":
      return value;
    case "number":
      return redactNumber(value, maps);
    case "text":
      return maps.texts.replace(value);
    case "json":
      return redactJson(value, maps);
    case "date":
      return NOT_FINITE.test(value) ? value : maps.times.timestamp(value, "date");
    case "timestamp":
      return NOT_FINITE.test(value) ? value : maps.times.timestamp(value, "timestamp");
    case "time":
      return maps.times.timeOfDay(value);
    case "uuid":
      return maps.uuids.replace(value);
    case "network":
      return maps.networks.replace(value);
    case "mac":
      return maps.macs.replace(value);
    case "bytes":
      return maps.bytes.replace(value);
    case "array":
      return redactArray(value, kind.element, maps);
    case "range":
      return redactRange(value, kind.element, maps);
    case "multirange":
      return redactMultirange(value, kind.element, maps);
    case "unknown":
      return null;
    default:
      return null;
  }
}

export function redactNumber(
  value: string,
  { numbers }: Pick<ValueMaps, "numbers">,
): string | null {
  if (NOT_FINITE.test(value)) return value;
  if (DECIMAL.test(value)) return numbers.decimal(value);
  const match = EXPONENT.exec(value);
  if (match === null) return null;
  const [, sign = "", whole = "", fraction = "", exponent = "0"] = match;
  const shift = Number(exponent);
  if (Math.abs(shift) > 400) return null;
  const digits = whole + fraction;
  const point = whole.length + shift;
  const plain =
    point <= 0
      ? `0.${"0".repeat(-point)}${digits}`
      : `${digits.slice(0, point).padEnd(point, "0")}.${digits.slice(point)}0`;
  return `${sign === "-" ? "-" : ""}${numbers.decimal(plain).replace(/^-/, "")}`;
}

/** An array of any depth; every element by the same kind. */
export function redactArray(value: string, element: ValueKind, maps: ValueMaps): string | null {
  const elements = parseArrayLiteral(value);
  if (elements === null) return null;
  const redacted = redactElements(elements, element, maps);
  return redacted === null ? null : formatArrayLiteral(redacted);
}

function redactElements(
  elements: readonly ArrayElement[],
  kind: ValueKind,
  maps: ValueMaps,
): readonly ArrayElement[] | null {
  const redacted: ArrayElement[] = [];
  for (const element of elements) {
    if (element === null) redacted.push(null);
    else {
      const replaced =
        typeof element === "string"
          ? redactValue(element, kind, maps)
          : redactElements(element, kind, maps);
      if (replaced === null) return null;
      redacted.push(replaced);
    }
  }
  return redacted;
}

const RANGE = /^([[(])("(?:[^"\\]|""|\\.)*"|[^",\])]*),("(?:[^"\\]|""|\\.)*"|[^",\])]*)([\])])$/s;

function redactRange(value: string, element: ValueKind, maps: ValueMaps): string | null {
  if (value === "empty") return value;
  const match = RANGE.exec(value);
  if (match === null) return null;
  const [, open = "[", lower = "", upper = "", close = ")"] = match;
  const bounds = [lower, upper].map((bound) => {
    if (bound === "") return "";
    const plain = bound.startsWith('"')
      ? bound
          .slice(1, -1)
          .replaceAll(/""|\\(.)/gs, (pair, escaped: string | undefined) => escaped ?? pair[0] ?? "")
      : bound;
    const redacted = redactValue(plain, element, maps);
    return redacted === null ? null : `"${redacted.replaceAll(/["\\]/g, "\\$&")}"`;
  });
  if (bounds.includes(null)) return null;
  return `${open}${bounds.join(",")}${close}`;
}

function redactMultirange(value: string, element: ValueKind, maps: ValueMaps): string | null {
  const ranges = value.slice(1, -1).match(/[[(](?:"(?:[^"\\]|""|\\.)*"|[^"\])])*[\])]/gs) ?? [];
  const redacted = ranges.map((range) => redactRange(range, element, maps));
  return redacted.includes(null) ? null : `{${redacted.join(",")}}`;
}

function redactJson(value: string, maps: ValueMaps): string | null {
  // Not JSON.parse: numbers beyond double precision would lose digits, and keys could repeat.
  let isJson = true;
  const redacted = value.replaceAll(
    /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null|[^\s{}[\],:]+/g,
    (token) => {
      if (token.startsWith('"')) return redactJsonString(token, maps) ?? ((isJson = false), "null");
      if (/^-?\d/.test(token)) return redactNumber(token, maps) ?? ((isJson = false), "0");
      if (/^(?:true|false|null)$/.test(token)) return token;
      isJson = false;
      return "null";
    },
  );
  return isJson ? redacted : null;
}

function redactJsonString(token: string, maps: ValueMaps): string | null {
  try {
    return JSON.stringify(maps.texts.replace(String(JSON.parse(token))));
  } catch {
    return null;
  }
}

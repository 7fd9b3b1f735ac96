import type { ValueKind } from "./value-kind.ts";
import { redactNumber, redactValue, type ValueMaps } from "./value-redactor.ts";

const BOOLEAN = /^(?:t|f|true|false|yes|no|on|off)$/i;
const INTERVAL =
  /^(?:P[\dTYMWDHS.]+|@?\s*(?:[+-]?(?:\d+(?:\.\d+)?|\.\d+)\s*(?:microseconds?|us|milliseconds?|ms|seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|h|days?|d|weeks?|w|months?|mons?|quarters?|years?|yrs?|y|decades?|century|centuries)\s*)+(?:[+-]?\d{1,4}:\d{2}(?::\d{2}(?:\.\d+)?)?)?(?:\s*ago)?)$/i;
const UUID = /^\{?[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}\}?$/i;
const NUMBER = /^[+-]?(?:0|[1-9]\d{0,40})(?:\.\d+)?(?:e[+-]?\d{1,3})?$/i;
const IP = /^(?:\d{1,3}\.){3}\d{1,3}(?:\/\d{1,2})?$|^(?=[^.]*:.*:)[0-9a-f:]+(?:\/\d{1,3})?$/i;
const MAC = /^(?:[0-9a-f]{2}:){5}[0-9a-f]{2}$/i;
const BYTES = /^\\x(?:[0-9a-f]{2})+$/i;
const RANGE = /^[[(][^,]*,[^,]*[\])]$/s;
const JSON_PATH = /^(?:strict |lax )?\$(?:[.[]|$)/;

/**
 * Replaces a quoted constant whose type is not written: by what it looks like, as PostgreSQL will read it in the type of what
 * it is compared with.
 *
 * @param isText - true for strings that are values of a text column: those are text whatever they look like
 */
export function redactByShape(
  value: string,
  maps: ValueMaps,
  isText: (value: string) => boolean,
): string {
  if (isText(value)) return maps.texts.replace(value);
  if (BOOLEAN.test(value) || INTERVAL.test(value)) return value;
  return redactShaped(value, maps) ?? maps.texts.replace(value);
}

function redactShaped(value: string, maps: ValueMaps): string | null {
  if (NUMBER.test(value)) return redactNumber(value, maps);
  if (UUID.test(value)) return maps.uuids.replace(value);
  if (/^[+-]?infinity$/i.test(value)) return value;
  const timestamp = maps.times.timestamp(value, "as-written") ?? maps.times.timeOfDay(value);
  if (timestamp !== null) return timestamp;
  if (MAC.test(value)) return maps.macs.replace(value);
  if (IP.test(value)) return maps.networks.replace(value);
  if (BYTES.test(value)) return maps.bytes.replace(value);
  if (JSON_PATH.test(value)) return redactJsonPath(value, maps);
  if (/^[{[]/.test(value) && isJson(value)) return redactValue(value, { kind: "json" }, maps);
  if (value.startsWith("{"))
    return redactValue(value, { kind: "array", element: guess(value) }, maps);
  if (RANGE.test(value)) return redactValue(value, { kind: "range", element: guess(value) }, maps);
  return null;
}

/** The kind of the elements of an array or range literal, by the first of them. */
function guess(value: string): ValueKind {
  const first = /[^\s{}[\]()",]+(?: [^\s{}[\]()",]+)*/.exec(value)?.[0] ?? "";
  if (NUMBER.test(first)) return { kind: "number" };
  if (/^\d{4}-\d{2}-\d{2}/.test(first)) return { kind: "timestamp" };
  if (UUID.test(first)) return { kind: "uuid" };
  return { kind: "text" };
}

function isJson(value: string): boolean {
  try {
    JSON.parse(value);
    return true;
  } catch {
    return false;
  }
}

/** Keys and constants of a jsonpath; its grammar stays. */
function redactJsonPath(path: string, maps: ValueMaps): string {
  return path.replaceAll(
    /"(?:[^"\\]|\\.)*"|(?<=\.)[\p{L}_][\p{L}\p{N}_]*(?!\s*\()|(?<![\w.])\d+(?:\.\d+)?(?!\s*\])/gu,
    (token) => {
      if (/^\d/.test(token)) return redactNumber(token, maps) ?? token;
      const text = token.startsWith('"') ? token.slice(1, -1) : token;
      const replaced = maps.texts.replace(text);
      return token.startsWith('"') ? JSON.stringify(replaced) : replaced;
    },
  );
}

import { InvalidArgumentError } from "@upshift/foundation";
import type { SingleQuery } from "../single-query.ts";
import { takesQueryClasses } from "../pg-query-class.ts";
import { type Setting, setLocally } from "../transaction-settings.ts";
import { CopyOut } from "./copy-out.ts";
import { isInOrder, rowsSql, type RowSourceOptions } from "./row-source.ts";

/** A value of more characters is worth being read only once per query and not once per row. */
const SHORT_VALUE = 64;

/**
 * Sends the rows of a query to the sink by COPY, which takes no parameters: they are settings of this transaction, set as bound values and read by the query, so that no value ever is
 * part of a text.
 *
 * @returns how many there were
 */
export async function copyRows(options: RowSourceOptions): Promise<number> {
  const { connection, query, description, document, sink, signal } = options;
  const { driver } = connection;
  if (!takesQueryClasses(driver)) {
    throw new InvalidArgumentError("`mode` 'auto' or 'cursor', as this driver has no COPY", "copy");
  }
  const settings = parameterSettings(query);
  if (settings.length > 0) await connection.run(setLocally(settings));
  const text = withSettings(query, description.parameterTypes);
  const rows = isInOrder(description, document)
    ? text
    : `${rowsSql(text, description, document, (column) => column)}\n`;
  const copy = new CopyOut(`COPY (${rows}) TO STDOUT (FORMAT text, ENCODING 'UTF8')`, sink);
  const abandon = (): void => copy.abandon();
  signal.addEventListener("abort", abandon, { once: true });
  try {
    return await connection.track(() => {
      driver.query(copy);
      return copy.done;
    });
  } finally {
    signal.removeEventListener("abort", abandon);
  }
}

function parameterSettings({ values }: SingleQuery): readonly Setting[] {
  return values
    .map((value, index) => ({ name: settingName(index + 1), value: toText(value) }))
    .filter(({ value }) => value !== null && value !== undefined);
}

function settingName(number: number): string {
  return `upshift.p${number}`;
}

/** Bytes would reach a setting as they are and not as text; the driver writes everything else as it writes any parameter. */
function toText(value: unknown): unknown {
  if (!ArrayBuffer.isView(value)) return value;
  const { buffer, byteOffset, byteLength } = value;
  return `\\x${Buffer.from(buffer, byteOffset, byteLength).toString("hex")}`;
}

function withSettings({ texts, numbers, values }: SingleQuery, types: readonly string[]): string {
  const parts = numbers.map((number, index) => {
    const type = types[number - 1] ?? "pg_catalog.text";
    return parameterSql(number, type, values[number - 1]) + (texts[index + 1] ?? "");
  });
  return (texts[0] ?? "") + parts.join("");
}

/**
 * The planner evaluates a setting to estimate rows, as it does a parameter, and an index scan evaluates it once; a filter does for each row. A long value is therefore read in a
 * subquery, which is run once, at the price of the estimate. The outer cast keeps `ANY($1)` from becoming `ANY(SELECT …)`.
 */
function parameterSql(number: number, type: string, value: unknown): string {
  if (value === null || value === undefined) return `(NULL::${type})`;
  const read = `pg_catalog.current_setting('${settingName(number)}')::${type}`;
  return isShort(value) ? `(${read})` : `((SELECT ${read})::${type})`;
}

function isShort(value: unknown): boolean {
  if (typeof value === "string") return value.length <= SHORT_VALUE;
  return typeof value !== "object" || value instanceof Date;
}

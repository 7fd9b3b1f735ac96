import { type Duration, InvalidArgumentError } from "@upshift/foundation";
import type { Queryable } from "../../connection/queryable.ts";
import type { Abortable } from "../../connection/with-connection.ts";
import { limitMs } from "../watch.ts";
import type { TypeParsers } from "./column-form.ts";
import type { DocumentOptions, ExportFormat } from "./document.ts";
import { defaultConcurrency } from "./export-slots.ts";

export interface ExportRowsOptions extends Abortable {
  readonly format: ExportFormat;
  /**
   * `'copy'` reads by COPY, which only pg's connections have; `'cursor'` by a cursor, which all have and which takes about three times as long. Default is `'auto'`: COPY where it can.
   * What is written is the same.
   */
  readonly mode?: "auto" | "copy" | "cursor";
  /**
   * How values are written. `'js'` as `JSON.stringify` writes what pg makes of a row, whatever parsers were set; `'postgres'` as `row_to_json` and COPY write them; or as
   * parsers of your own make them, `pg.types` for one. Default is `'js'`.
   */
  readonly types?: "js" | "postgres" | TypeParsers;
  /** `'marker'`: NDJSON ends with a line `{"$end":true,"rows":n}`, JSON is `{"data":[…],"complete":true}`. `'none'`: no such line, JSON is an array. Default is `'marker'`; CSV has none. */
  readonly onEnd?: "marker" | "none";
  /** Name of an HTTP trailer that tells the number of rows, `'X-Row-Count'` for one. Default is none. */
  readonly rowCountTrailer?: string;
  /** First line of CSV with the names of the columns. Default is `true`. */
  readonly header?: boolean;
  /** CSV: text that a spreadsheet may take for a formula gets a single quote before it; numbers stay as they are. Default is `false`. */
  readonly formulaGuard?: boolean;
  /** Whether the destination is ended after the last byte. `false` for `process.stdout`, or where more is to follow. Default is `true`. */
  readonly end?: boolean;
  /** How long all of it may take, waiting for a connection included. Default is `'10m'`. */
  readonly timeout?: Duration;
  /** How long the destination may take nothing while there is something to take. Default is `'1m'`. */
  readonly idleTimeout?: Duration;
  /** Exports that run on this pool at once, this one included; others wait. Default is half of the pool's connections. */
  readonly maxConcurrent?: number;
}

/** The options with everything decided. */
export interface ExportPlan extends DocumentOptions {
  readonly mode: "auto" | "copy" | "cursor";
  readonly timeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly rowCountTrailer: string | undefined;
  readonly mustEnd: boolean;
  readonly maxConcurrent: number;
}

const HTTP_TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** @throws {InvalidArgumentError} */
export function readExportOptions(options: ExportRowsOptions, db: Queryable): ExportPlan {
  const { format, mode = "auto", types = "js", onEnd = "marker", rowCountTrailer } = options;
  oneOf("format", format, ["ndjson", "json", "csv"]);
  oneOf("mode", mode, ["auto", "copy", "cursor"]);
  oneOf("onEnd", onEnd, ["marker", "none"]);
  if (typeof types !== "object" || typeof types?.getTypeParser !== "function") {
    oneOf("types", types, ["js", "postgres"]);
  }
  if (rowCountTrailer !== undefined && !HTTP_TOKEN.test(rowCountTrailer)) {
    throw new InvalidArgumentError("`rowCountTrailer` as a name of an HTTP field", rowCountTrailer);
  }
  const maxConcurrent = options.maxConcurrent ?? defaultConcurrency(db);
  if (!Number.isSafeInteger(maxConcurrent) || maxConcurrent < 1) {
    throw new InvalidArgumentError("`maxConcurrent` as a whole number > 0", maxConcurrent);
  }
  return {
    format,
    mode,
    types,
    hasMarker: onEnd === "marker",
    hasHeader: options.header ?? true,
    isGuarded: options.formulaGuard ?? false,
    timeoutMs: limitMs(options.timeout ?? "10m", "timeout"),
    idleTimeoutMs: limitMs(options.idleTimeout ?? "1m", "idleTimeout"),
    rowCountTrailer,
    mustEnd: options.end ?? true,
    maxConcurrent,
  };
}

function oneOf(name: string, value: unknown, allowed: readonly string[]): void {
  if (typeof value === "string" && allowed.includes(value)) return;
  throw new InvalidArgumentError(`\`${name}\` as one of ${allowed.join(", ")}`, value);
}

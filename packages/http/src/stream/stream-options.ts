import { type Duration, InvalidArgumentError, refuseUnknown, toMs } from "@upshift/foundation";
import type { PlannedResponse } from "../planned-response.ts";
import type { ProblemDetails } from "../problem/problem.ts";
import type { StreamFormat } from "./stream-format.ts";

export interface StreamOptions {
  /** Default is what the client wants most of `formats`. */
  readonly format?: StreamFormat | undefined;
  /** What a client may ask for by `Accept`, the best first. Default is `['json', 'ndjson', 'csv']`. */
  readonly formats?: readonly StreamFormat[] | undefined;
  /** `'marker'`: NDJSON ends with a line `{"$end":true,"rows":n}`, JSON is `{"data":[…],"complete":true}`. Default is `'none'`; CSV has none. */
  readonly onEnd?: "marker" | "none" | undefined;
  /** CSV: names of the columns of objects, in this order. Default is those of the first value. */
  readonly columns?: readonly string[] | undefined;
  /** First line of CSV with the names of the columns. Default is `true`. */
  readonly header?: boolean | undefined;
  /** CSV: text that a spreadsheet may take for a formula gets a single quote before it. Default is `false`. */
  readonly formulaGuard?: boolean | undefined;
  /** Default is `true`: brotli or gzip, as the client wants it, flushed whenever the source is waited for. */
  readonly compression?: boolean | undefined;
  /** Default is 200. */
  readonly status?: number | undefined;
  /** Names in lower case. They count as if they had been set on the response. */
  readonly headers?: PlannedResponse["headers"] | undefined;
  /** Ends the response and its source. */
  readonly signal?: AbortSignal | undefined;
  /**
   * What a failure before the first byte becomes: `'answer'` a problem document; `'throw'` an error of the call, with the response as it was, for the error handler of a framework.
   * Default is `'answer'`.
   */
  readonly errors?: "answer" | "throw" | undefined;
  /**
   * Told of every failure, to log it, those after the first byte included; not of clients that go. What it returns is answered if nothing was sent. Default is what {@link problemOfError} makes of it.
   */
  readonly onError?: ((error: unknown) => ProblemDetails | void) | undefined;
}

export interface StreamToOptions extends StreamOptions {
  /** How long the client may take nothing while there is something to take. Default is `'1m'`. */
  readonly idleTimeout?: Duration | undefined;
}

export const FORMATS: readonly StreamFormat[] = ["json", "ndjson", "csv"];

const NAMES: ReadonlySet<keyof StreamToOptions> = new Set([
  "format",
  "formats",
  "onEnd",
  "columns",
  "header",
  "formulaGuard",
  "compression",
  "status",
  "headers",
  "signal",
  "errors",
  "onError",
  "idleTimeout",
]);

/** @throws {InvalidArgumentError} */
export function assertStreamOptions(options: StreamOptions): void {
  refuseUnknown("stream", options, NAMES);
  const { format, formats, onEnd, errors, status = 200 } = options;
  oneOf("format", format, FORMATS);
  for (const each of formats ?? []) oneOf("formats", each, FORMATS);
  if (formats?.length === 0) throw new InvalidArgumentError("`formats` with at least one", "none");
  oneOf("onEnd", onEnd, ["marker", "none"]);
  oneOf("errors", errors, ["answer", "throw"]);
  if (!Number.isInteger(status) || status < 200 || status > 599) {
    throw new InvalidArgumentError("`status` from 200 to 599", status);
  }
}

/** @throws {InvalidArgumentError} when it is no duration, or 0 */
export function idleTimeoutMs({ idleTimeout = "1m" }: StreamToOptions): number {
  const timeoutMs = toMs(idleTimeout, "idleTimeout");
  if (timeoutMs === 0) throw new InvalidArgumentError("`idleTimeout` > 0", idleTimeout);
  return timeoutMs;
}

function oneOf(name: string, value: string | undefined, allowed: readonly string[]): void {
  if (value === undefined || allowed.includes(value)) return;
  throw new InvalidArgumentError(`\`${name}\` as one of ${allowed.join(", ")}`, value);
}

import { csvLines } from "./csv.ts";

export type StreamFormat = "ndjson" | "json" | "csv";

/** How values become a document. */
export interface StreamDocument {
  /** With the first value, or `undefined` where there is none. */
  start(first: unknown): string;
  value(value: unknown, index: number): string;
  end(count: number): string;
}

export interface DocumentOptions {
  readonly onEnd: "marker" | "none";
  /** CSV: names of the columns in their order; `undefined` for those of the first value. */
  readonly columns: readonly string[] | undefined;
  readonly header: boolean;
  readonly formulaGuard: boolean;
}

export const STREAM_TYPES: Readonly<Record<StreamFormat, string>> = {
  ndjson: "application/x-ndjson; charset=utf-8",
  json: "application/json; charset=utf-8",
  csv: "text/csv; charset=utf-8",
};

export function streamDocument(format: StreamFormat, options: DocumentOptions): StreamDocument {
  const hasMarker = options.onEnd === "marker";
  if (format === "csv") return csvLines(options);
  if (format === "ndjson") {
    return {
      start: () => "",
      value: (value) => `${json(value)}\n`,
      end: (count) => (hasMarker ? `{"$end":true,"rows":${count}}\n` : ""),
    };
  }
  return {
    start: () => (hasMarker ? '{"data":[' : "["),
    value: (value, index) => (index === 0 ? json(value) : `,${json(value)}`),
    end: () => (hasMarker ? '],"complete":true}' : "]"),
  };
}

/** What has no JSON, such as `undefined`, is `null` as inside of an array. */
function json(value: unknown): string {
  // Its type says text, and it gives none for functions and `undefined`.
  const text: string | undefined = JSON.stringify(value);
  return text ?? "null";
}

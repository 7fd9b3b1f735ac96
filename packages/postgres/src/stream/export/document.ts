import type { ChunkBuffer } from "./chunk-buffer.ts";
import { type ColumnForm, defaultForms, parsedForms, type TypeParsers } from "./column-form.ts";
import { CsvRows } from "./csv-rows.ts";
import { LINE_BREAK } from "./copy-text.ts";
import type { QueryColumn } from "./describe-query.ts";
import { JsonRows, WholeJsonRows } from "./json-rows.ts";

export type ExportFormat = "ndjson" | "json" | "csv";

/** What an export writes, apart from where the rows come from. */
export interface DocumentOptions {
  readonly format: ExportFormat;
  readonly types: "js" | "postgres" | TypeParsers;
  /** Whether the end says that it is one: last line of NDJSON, envelope of JSON. */
  readonly hasMarker: boolean;
  readonly hasHeader: boolean;
  readonly isGuarded: boolean;
}

/** How rows in the text format of COPY become a document. */
export interface ExportDocument {
  /** The indexes of the query's columns that each row has, in this order. */
  readonly columns: readonly number[];
  /** Whether the row's one field is `row_to_json` of all columns. */
  readonly isWholeRow: boolean;
  writeStart(out: ChunkBuffer): void;
  writeRow(row: Buffer, out: ChunkBuffer): void;
  writeEnd(rowCount: number, out: ChunkBuffer): void;
}

export const CONTENT_TYPES: Readonly<Record<ExportFormat, string>> = {
  ndjson: "application/x-ndjson; charset=utf-8",
  json: "application/json; charset=utf-8",
  csv: "text/csv; charset=utf-8",
};

const COMMA = 0x2c;

export function createDocument(
  columns: readonly QueryColumn[],
  options: DocumentOptions,
): ExportDocument {
  return options.format === "csv" ? csvDocument(columns, options) : jsonDocument(columns, options);
}

function csvDocument(columns: readonly QueryColumn[], options: DocumentOptions): ExportDocument {
  const rows = new CsvRows(columns.map(formsOf(options.types)), options.isGuarded);
  return {
    columns: columns.map((_, index) => index),
    isWholeRow: false,
    writeStart(out) {
      if (!options.hasHeader) return;
      rows.writeCells(
        columns.map(({ name }) => name),
        out,
      );
    },
    writeRow: (row, out) => rows.write(row, out),
    writeEnd: () => undefined,
  };
}

function jsonDocument(columns: readonly QueryColumn[], options: DocumentOptions): ExportDocument {
  const { format, types, hasMarker } = options;
  const formOf = formsOf(types);
  const fields = keysAsJavaScript(columns);
  const isWholeRow = types === "postgres";
  const rows = isWholeRow
    ? new WholeJsonRows()
    : new JsonRows(fields.map(({ column }) => ({ name: column.name, form: formOf(column) })));
  const indexes = fields.map(({ index }) => index);
  if (format === "ndjson") {
    return {
      columns: indexes,
      isWholeRow,
      writeStart: () => undefined,
      writeRow(row, out) {
        rows.write(row, out);
        out.writeByte(LINE_BREAK);
      },
      writeEnd(rowCount, out) {
        if (hasMarker) out.write(`{"$end":true,"rows":${rowCount}}\n`);
      },
    };
  }
  let isFirst = true;
  return {
    columns: indexes,
    isWholeRow,
    writeStart: (out) => out.write(hasMarker ? '{"data":[' : "["),
    writeRow(row, out) {
      if (!isFirst) out.writeByte(COMMA);
      isFirst = false;
      rows.write(row, out);
    },
    writeEnd: (_, out) => out.write(hasMarker ? '],"complete":true}' : "]"),
  };
}

function formsOf(types: DocumentOptions["types"]): (column: QueryColumn) => ColumnForm {
  if (types === "postgres") return () => "text";
  const formOf = types === "js" ? defaultForms() : parsedForms(types);
  return ({ typeOid }) => formOf(typeOid);
}

/** Columns in the order of an object's keys: whole numbers first, and of equal names the last value at the place of the first. */
function keysAsJavaScript(
  columns: readonly QueryColumn[],
): readonly { readonly column: QueryColumn; readonly index: number }[] {
  const last = Object.fromEntries(
    columns.map((column, index) => [column.name, { column, index }] as const),
  );
  return Object.values(last);
}

import { randomBytes } from "node:crypto";
import type { ColumnFacts, TableFacts } from "../../catalog/table-facts.ts";
import { type CopyGroup, NOTHING } from "../copy/copy-group.ts";
import type { CopyTarget } from "../copy/copy-slices.ts";
import { quoteElement, valueTextOf } from "../encode/value-text.ts";
import type { ColumnSet } from "../input/column-sets.ts";
import { carrierOf } from "../statement/carrier.ts";
import { guardSql } from "../statement/facts-guard.ts";
import type { RowSourceSql } from "../statement/row-source-sql.ts";

/** Rows of the input from `from` up to, not including, `to`. */
export interface IndexRange {
  readonly from: number;
  readonly to: number;
}

/** A temporary table that holds the input until one statement writes it. It is gone with the transaction. */
export interface StageTable {
  /** Quoted and with its schema. */
  readonly sqlName: string;
  readonly create: string;
  readonly drop: string;
  readonly target: CopyTarget;
  /** The rows of a set within a range. */
  rows(set: ColumnSet, range: IndexRange): RowSourceSql;
  /** The value of a column, of the table under the alias `u`. */
  valueOf(column: ColumnFacts): string;
}

export function stageTable(table: TableFacts): StageTable {
  const name = `upshift_stage_${randomBytes(8).toString("hex")}`;
  const sqlName = `pg_temp.${name}`;
  const columns = [...table.columns.values()].filter(({ isGenerated }) => !isGenerated);
  const staged = new Map(columns.map((column, place) => [column.name, stageColumn(column, place)]));
  const definitions = [...staged.values()].map((column) => `${column.name} ${column.sqlType}`);
  const form = {
    prefix: (index: number, set: ColumnSet) => `${index}\t${set.number}\t`,
    names: columns.map((column) => column.name),
    texts: [...staged.values()].map(({ text }) => text),
    nulls: [...staged.values()].map(({ nullText }) => nullText),
    isComplete: false,
  };
  const valueOf = (column: ColumnFacts): string => staged.get(column.name)?.value ?? "NULL";
  return {
    sqlName,
    create: `CREATE TEMPORARY TABLE ${name} (${["row_number bigint", "set_number integer", ...definitions].join(", ")}) ON COMMIT DROP`,
    drop: `DROP TABLE ${sqlName}`,
    target: {
      table,
      relationName: name,
      keyOf: () => name,
      form: () => form,
      statement: () => `COPY ${sqlName} FROM STDIN WITH (ENCODING 'UTF8')`,
      copied: () => undefined,
      insert: async (group: CopyGroup) => {
        throw new TypeError(`${group.rows.length} rows have no place in the stage`);
      },
    },
    rows: (set, { from, to }) => ({
      from: `FROM ${sqlName} AS u WHERE u.set_number = $1::text::pg_catalog.int4 AND u.row_number >= $2::text::pg_catalog.int8 AND u.row_number < $3::text::pg_catalog.int8 AND ${guardSql(table)}`,
      values: [String(set.number), String(from), String(to)],
      valueOf,
      indexOf: (rowNumber) => rowNumber,
      isPrepared: false,
    }),
    valueOf,
  };
}

interface StageColumn {
  readonly name: string;
  readonly sqlType: string;
  readonly text: (value: unknown) => string;
  readonly nullText: string;
  readonly value: string;
}

function stageColumn(column: ColumnFacts, place: number): StageColumn {
  const name = `c${place}`;
  const { sqlName, arraySqlName, castTo } = carrierOf(column);
  const text = valueTextOf(column.type);
  if (column.type.kind !== "domain" || castTo !== undefined) {
    const value = castTo === undefined ? `u.${name}` : `u.${name}::${castTo}`;
    return { name, sqlType: sqlName, text, nullText: NOTHING, value };
  }
  // A domain may forbid NULL, also where a row has no value for the column. In an array the domain judges the values that are there, and NULLs among them.
  return {
    name,
    sqlType: arraySqlName,
    text: (value) => `{${quoteElement(text(value))}}`,
    nullText: "{NULL}",
    value: `(u.${name})[1]`,
  };
}

import type { Queryable } from "../connection/queryable.ts";
import { runStatement } from "../connection/run-statement.ts";
import { quoteIdentifier } from "../sql/quote-identifier.ts";
import { TABLE_FACTS_SQL } from "./table-facts-sql.ts";
import type { ColumnFacts, ColumnType, TableFacts } from "./table-facts.ts";

/** The JSON of {@link TABLE_FACTS_SQL}. */
interface TableRow {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly kind: keyof typeof TABLE_KINDS;
  readonly columns: readonly ColumnRow[] | null;
  readonly uniqueKeys: readonly UniqueKeyRow[] | null;
  readonly foreignKeys: readonly ForeignKeyRow[] | null;
}

interface ColumnRow {
  readonly name: string;
  readonly notNull: boolean;
  readonly hasDefault: boolean;
  readonly identity: "a" | "d" | "";
  readonly generated: string;
  readonly typeOid: number;
  readonly typeSchema: string;
  readonly typeName: string;
  readonly arraySchema: string | null;
  readonly arrayName: string | null;
  readonly display: string;
  readonly typtype: keyof typeof TYPE_KINDS;
  readonly isArray: boolean;
  readonly baseName: string | null;
  readonly isBaseArray: boolean | null;
}

interface UniqueKeyRow {
  readonly isPrimary: boolean;
  readonly nullsNotDistinct: boolean;
  readonly columns: readonly string[];
}

interface ForeignKeyRow {
  readonly schema: string;
  readonly table: string;
  readonly columns: readonly string[];
  readonly referencedColumns: readonly string[];
}

/** `pg_class.relkind` */
const TABLE_KINDS = {
  r: "table",
  p: "partitioned table",
  v: "view",
  m: "materialized view",
  f: "foreign table",
} as const;

/** `pg_type.typtype` */
const TYPE_KINDS = {
  b: "base",
  e: "enum",
  d: "domain",
  c: "composite",
  r: "range",
  m: "multirange",
  p: "pseudo",
} as const;

const IDENTITIES = { a: "always", d: "by default", "": undefined } as const;

/** @returns `undefined` when there is no such table, or none that the search path shows */
export async function readTableFacts(
  db: Queryable,
  schema: string | undefined,
  name: string,
): Promise<TableFacts | undefined> {
  const { rows } = await runStatement<{ readonly facts: string }>(db, {
    text: TABLE_FACTS_SQL,
    values: [schema ?? null, name],
  });
  const [row] = rows;
  return row === undefined ? undefined : toTableFacts(JSON.parse(row.facts));
}

function toTableFacts(row: TableRow): TableFacts {
  const columns = new Map((row.columns ?? []).map((column) => [column.name, toColumn(column)]));
  const keys = row.uniqueKeys ?? [];
  return {
    oid: row.oid,
    schema: row.schema,
    name: row.name,
    sqlName: `${quoteIdentifier(row.schema)}.${quoteIdentifier(row.name)}`,
    kind: TABLE_KINDS[row.kind],
    columns,
    primaryKey: keys.find(({ isPrimary }) => isPrimary)?.columns ?? [],
    uniqueKeys: keys.map((key) => ({
      columns: key.columns,
      isNullProof:
        key.nullsNotDistinct ||
        key.columns.every((column) => columns.get(column)?.isNotNull === true),
    })),
    foreignKeys: (row.foreignKeys ?? []).map((key) => ({
      columns: key.columns,
      referencedSchema: key.schema,
      referencedTable: key.table,
      referencedColumns: key.referencedColumns,
    })),
  };
}

function toColumn(row: ColumnRow): ColumnFacts {
  return {
    name: row.name,
    sqlName: quoteIdentifier(row.name),
    type: toType(row),
    isNotNull: row.notNull,
    hasDefault: row.hasDefault,
    identity: IDENTITIES[row.identity],
    isGenerated: row.generated !== "",
  };
}

function toType(row: ColumnRow): ColumnType {
  const hasArray = row.arraySchema !== null && row.arrayName !== null;
  return {
    oid: row.typeOid,
    sqlName: `${quoteIdentifier(row.typeSchema)}.${quoteIdentifier(row.typeName)}`,
    arraySqlName: hasArray
      ? `${quoteIdentifier(row.arraySchema)}.${quoteIdentifier(row.arrayName)}`
      : undefined,
    displayName: row.display,
    kind: TYPE_KINDS[row.typtype],
    isArray: row.isArray,
    baseName: row.baseName ?? row.typeName,
    isBaseArray: row.isBaseArray ?? row.isArray,
  };
}

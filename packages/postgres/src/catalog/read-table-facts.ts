import type { Queryable } from "../connection/queryable.ts";
import { runStatement } from "../connection/run-statement.ts";
import { quoteIdentifier } from "../sql/quote-identifier.ts";
import { TABLE_FACTS_SQL } from "./table-facts-sql.ts";
import type { Collation, ColumnFacts, ColumnType, LengthCast, TableFacts } from "./table-facts.ts";

/** The JSON of {@link TABLE_FACTS_SQL}. */
interface TableRow {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly kind: keyof typeof TABLE_KINDS;
  readonly signature: string | null;
  readonly hasRowSecurity: boolean;
  readonly hasInheritors: boolean;
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
  readonly baseSchema: string | null;
  readonly baseName: string | null;
  readonly isBaseArray: boolean | null;
  readonly baseType: string | null;
  readonly delimiter: string;
  readonly elementBaseName: string | null;
  readonly elementDelimiter: string | null;
  readonly collationSchema: string | null;
  readonly collationName: string | null;
  readonly collationIsDeterministic: boolean | null;
  readonly lengthCast: {
    readonly schema: string;
    readonly name: string;
    readonly arguments: number;
    readonly modifier: number;
  } | null;
}

interface CollationRow {
  readonly schema: string;
  readonly name: string;
  readonly isDeterministic: boolean;
}

interface UniqueKeyRow {
  readonly isPrimary: boolean;
  readonly nullsNotDistinct: boolean;
  readonly columns: readonly string[];
  readonly collations: readonly (CollationRow | null)[];
}

interface ForeignKeyRow {
  readonly schema: string;
  readonly table: string;
  readonly columns: readonly string[];
  readonly referencedColumns: readonly string[];
  readonly isProven: boolean;
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
    sqlName: qualified(row.schema, row.name),
    kind: TABLE_KINDS[row.kind],
    signature: row.signature ?? "",
    columns,
    primaryKey: keys.find(({ isPrimary }) => isPrimary)?.columns ?? [],
    uniqueKeys: keys.map((key) => ({
      columns: key.columns,
      collations: key.collations.map(toCollation),
      isNullProof:
        key.nullsNotDistinct ||
        key.columns.every((column) => columns.get(column)?.isNotNull === true),
    })),
    foreignKeys: (row.foreignKeys ?? []).map((key) => ({
      columns: key.columns,
      referencedSchema: key.schema,
      referencedTable: key.table,
      referencedColumns: key.referencedColumns,
      isProven: key.isProven,
    })),
    hasRowSecurity: row.hasRowSecurity,
    hasInheritors: row.hasInheritors,
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
    collation:
      row.collationSchema === null || row.collationName === null
        ? undefined
        : toCollation({
            schema: row.collationSchema,
            name: row.collationName,
            isDeterministic: row.collationIsDeterministic === true,
          }),
    lengthCast: toLengthCast(row.lengthCast),
  };
}

function toCollation(row: CollationRow | null): Collation | undefined {
  if (row === null) return undefined;
  return { sqlName: qualified(row.schema, row.name), isDeterministic: row.isDeterministic };
}

function toLengthCast(row: ColumnRow["lengthCast"]): LengthCast | undefined {
  if (row === null) return undefined;
  const { schema, name, modifier } = row;
  return { sqlName: qualified(schema, name), modifier, takesIsExplicit: row.arguments === 3 };
}

function qualified(schema: string, name: string): string {
  return `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`;
}

function toType(row: ColumnRow): ColumnType {
  const hasArray = row.arraySchema !== null && row.arrayName !== null;
  return {
    oid: row.typeOid,
    sqlName: qualified(row.typeSchema, row.typeName),
    arraySqlName: hasArray ? qualified(row.arraySchema, row.arrayName) : undefined,
    displayName: row.display,
    kind: TYPE_KINDS[row.typtype],
    isArray: row.isArray,
    baseName: row.baseName ?? row.typeName,
    baseSqlName: `${quoteIdentifier(row.baseSchema ?? row.typeSchema)}.${quoteIdentifier(row.baseName ?? row.typeName)}`,
    isBaseArray: row.isBaseArray ?? row.isArray,
    isBaseComposite: row.baseType === "c",
    delimiter: row.delimiter,
    element:
      row.elementBaseName === null || row.elementDelimiter === null
        ? undefined
        : { baseName: row.elementBaseName, delimiter: row.elementDelimiter },
  };
}

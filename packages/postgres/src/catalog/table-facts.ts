/** What the catalog says of a table, read once. */
export interface TableFacts {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  /** Quoted and with its schema: fit for SQL as it is. */
  readonly sqlName: string;
  /** What the columns were when they were read: see `tableSignature`. */
  readonly signature: string;
  readonly kind: "table" | "partitioned table" | "view" | "materialized view" | "foreign table";
  /** In the table's own order, by name. */
  readonly columns: ReadonlyMap<string, ColumnFacts>;
  /** Column names in the key's order; empty without one. */
  readonly primaryKey: readonly string[];
  /** Every unique key that holds for all rows at all times, the primary key among them; no partial, deferrable or expression keys. */
  readonly uniqueKeys: readonly UniqueKey[];
  readonly foreignKeys: readonly ForeignKey[];
  /** Row-level security is on: which rows there are depends on who asks. */
  readonly hasRowSecurity: boolean;
  /** Other tables inherit from it (not: partitions), and `FROM` it shows their rows as well, which its keys do not reach. */
  readonly hasInheritors: boolean;
}

export interface UniqueKey {
  readonly columns: readonly string[];
  /** What the index compares each column by, which need not be the column's own; `undefined` where the type has none. */
  readonly collations: readonly (Collation | undefined)[];
  /** False when two rows may share it because a column of it is NULL in both. */
  readonly isNullProof: boolean;
}

export interface Collation {
  /** Quoted and with its schema. */
  readonly sqlName: string;
  /** Equal means equal byte by byte. */
  readonly isDeterministic: boolean;
}

export interface ForeignKey {
  readonly columns: readonly string[];
  readonly referencedSchema: string;
  readonly referencedTable: string;
  readonly referencedColumns: readonly string[];
  /** Every row meets it whenever a statement looks: validated, enforced, not deferrable. */
  readonly isProven: boolean;
}

export interface ColumnFacts {
  readonly name: string;
  /** In quotes: fit for SQL as it is. */
  readonly sqlName: string;
  readonly type: ColumnType;
  /** By a constraint of the column, the primary key or the type's domain. */
  readonly isNotNull: boolean;
  readonly hasDefault: boolean;
  readonly identity: "always" | "by default" | undefined;
  /** Computed by the server: cannot be written. */
  readonly isGenerated: boolean;
  /** `undefined` where the type has none. */
  readonly collation: Collation | undefined;
  /** What an assignment to this column does to a value of the type: `varchar(10)`, `numeric(10, 2)`; `undefined` without a modifier. */
  readonly lengthCast: LengthCast | undefined;
}

/** A function that fits a value to a length or precision: `sqlName(value, modifier)`, and a third argument `false` as in an assignment. */
export interface LengthCast {
  readonly sqlName: string;
  readonly modifier: number;
  readonly takesIsExplicit: boolean;
}

export interface ColumnType {
  readonly oid: number;
  /** With its schema, quoted, without a length or precision: a cast to it never cuts a value short as `::varchar(10)` would. */
  readonly sqlName: string;
  /** The array of it, spelled the same way; `undefined` where the type has none. */
  readonly arraySqlName: string | undefined;
  /** As people write it: `character varying(10)`. For messages. */
  readonly displayName: string;
  readonly kind: "base" | "enum" | "domain" | "composite" | "range" | "multirange" | "pseudo";
  readonly isArray: boolean;
  /** The type under all domains; the type itself where it is no domain. `int8`, `jsonb`, `_text`: as `pg_type.typname` has it. */
  readonly baseName: string;
  /** The same with its schema, quoted: a cast to it never asks what a domain forbids. */
  readonly baseSqlName: string;
  /** The type under all domains is an array: `unnest` would flatten it. */
  readonly isBaseArray: boolean;
  /** The type under all domains is composite: `unnest` would make columns of it. */
  readonly isBaseComposite: boolean;
  /** What stands between the elements of an array of it: `,` or, for `box`, `;`. */
  readonly delimiter: string;
  /** Of the type under all domains, where it is an array. */
  readonly element: ElementType | undefined;
}

/** What the elements of an array are. */
interface ElementType {
  /** The type under all domains, as `pg_type.typname` has it. */
  readonly baseName: string;
  readonly delimiter: string;
}

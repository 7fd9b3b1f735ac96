import { InvalidArgumentError } from "@upshift/foundation";
import type { Queryable } from "../connection/queryable.ts";
import { runStatement } from "../connection/run-statement.ts";
import { quoteIdentifier } from "../sql/quote-identifier.ts";
import type { Sql } from "../sql/sql.ts";
import { keyTypesSql } from "./key-types-sql.ts";

/** What the server says of a key's type: of the type under all domains, which is what is compared. */
export interface KeyType {
  readonly baseName: string;
  /** With its schema, quoted, without a length. */
  readonly sqlName: string;
  /** Of `pg_catalog`: its casts and operators are as PostgreSQL made them. */
  readonly isBuiltIn: boolean;
  /** `IS NULL` is true of a composite that only has NULLs, and ORDER BY does not agree. */
  readonly isComposite: boolean;
  readonly isArray: boolean;
  /** Names of all types in it, its own among them. */
  readonly partNames: readonly string[];
  readonly collationOid: number | undefined;
  /** Equal means equal byte by byte. */
  readonly isDeterministic: boolean;
  /** The operators of its order, as SQL: the search path has no say. */
  readonly operators: KeyOperators;
}

export interface KeyOperators {
  readonly less: string;
  readonly equal: string;
  readonly greater: string;
  /** All are PostgreSQL's own `<`, `=`, `>`: a row comparison, which has one operator for all of its columns, can have them. */
  readonly areBuiltIn: boolean;
}

/** The JSON of {@link keyTypesSql}. */
interface KeyRow {
  readonly schema: string;
  readonly name: string;
  readonly kind: string;
  readonly isArray: boolean;
  readonly collation: number | null;
  readonly isDeterministic: boolean;
  readonly operators: Readonly<Record<string, readonly [string, string]>> | null;
  readonly parts: readonly string[] | null;
}

const BUILT_IN: KeyOperators = {
  less: "OPERATOR(pg_catalog.<)",
  equal: "OPERATOR(pg_catalog.=)",
  greater: "OPERATOR(pg_catalog.>)",
  areBuiltIn: true,
};

/** Compared by PostgreSQL's own operators on `anyenum`, `record`, `anyrange`, `anymultirange`, wherever the type was made. */
const POLYMORPHIC_KINDS = "ecrm";

/** Strategy numbers of a B-tree operator class: https://www.postgresql.org/docs/current/xindex.html */
const LESS = "1";
const EQUAL = "3";
const GREATER = "5";

/**
 * @throws {InvalidArgumentError} when a key has no order
 * @throws what the server says of a key that does not fit `from`
 */
export async function readKeyTypes(
  db: Queryable,
  from: Sql,
  keys: readonly Sql[],
): Promise<readonly KeyType[]> {
  const { rows } = await runStatement<{ readonly key: string }>(
    db,
    keyTypesSql(from, keys).compile(),
  );
  return rows.map(({ key }, index) => {
    const row: KeyRow = JSON.parse(key);
    return toKeyType(row, index);
  });
}

function toKeyType(row: KeyRow, index: number): KeyType {
  const isBuiltIn = row.schema === "pg_catalog";
  const sqlName = `${quoteIdentifier(row.schema)}.${quoteIdentifier(row.name)}`;
  const isPolymorphic = row.isArray || POLYMORPHIC_KINDS.includes(row.kind);
  const operators = isBuiltIn || isPolymorphic ? BUILT_IN : ownOperators(row);
  if (operators === undefined || row.kind === "p") {
    throw new InvalidArgumentError(
      `key ${index + 1} of \`order\` to be of a type that has an order`,
      sqlName,
    );
  }
  return {
    baseName: row.name,
    sqlName,
    isBuiltIn,
    isComposite: row.kind === "c",
    isArray: row.isArray,
    partNames: row.parts ?? [],
    collationOid: row.collation ?? undefined,
    isDeterministic: row.isDeterministic,
    operators,
  };
}

function ownOperators({ operators }: KeyRow): KeyOperators | undefined {
  const [less, equal, greater] = [LESS, EQUAL, GREATER].map((strategy) => {
    const operator = operators?.[strategy];
    // An operator's name cannot be quoted; it has no character that would end it.
    return operator && `OPERATOR(${quoteIdentifier(operator[0])}.${operator[1]})`;
  });
  if (less === undefined || equal === undefined || greater === undefined) return undefined;
  return { less, equal, greater, areBuiltIn: false };
}

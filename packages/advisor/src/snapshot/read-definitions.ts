import type { Read } from "../session/read-only-session.ts";
import type {
  Constraint,
  UserCollation,
  UserFunction,
  UserType,
  ViewDefinition,
} from "./database-snapshot.ts";
import { quoteQualified } from "./identifier.ts";
import { constraintsSql } from "./sql/constraint-sql.ts";
import { viewsSql } from "./sql/relation-sql.ts";
import { collationsSql, FUNCTIONS_SQL, TYPES_SQL } from "./sql/type-sql.ts";
import type { SqlScope } from "./sql/user-objects.ts";

interface TypeRow extends Omit<UserType, "extension" | "ddl"> {
  readonly extension: string | null;
  /** What follows the name in its DDL. */
  readonly definition: string | null;
}

export async function readTypes(read: Read): Promise<readonly UserType[]> {
  const rows = await read<TypeRow>(TYPES_SQL);
  return rows.map(toType);
}

function toType({ schema, name, kind, extension, definition }: TypeRow): UserType {
  const command = kind === "domain" ? "CREATE DOMAIN" : "CREATE TYPE";
  const ddl =
    definition === null ? null : `${command} ${quoteQualified(schema, name)} ${definition}`;
  return extension === null ? { schema, name, kind, ddl } : { schema, name, kind, ddl, extension };
}

interface CollationRow {
  readonly schema: string;
  readonly name: string;
  readonly definition: string;
}

export async function readCollations(
  read: Read,
  scope: SqlScope,
): Promise<readonly UserCollation[]> {
  const rows = await read<CollationRow>(collationsSql(scope));
  return rows.map(({ schema, name, definition }) => ({
    schema,
    name,
    ddl: `CREATE COLLATION ${quoteQualified(schema, name)} ${definition}`,
  }));
}

interface FunctionRow {
  readonly schema: string;
  readonly name: string;
  readonly identity_arguments: string;
  readonly ddl: string;
  readonly language: string;
}

export async function readFunctions(read: Read): Promise<readonly UserFunction[]> {
  const rows = await read<FunctionRow>(FUNCTIONS_SQL);
  return rows.map((row) => ({
    schema: row.schema,
    name: row.name,
    identityArguments: row.identity_arguments,
    ddl: row.ddl,
    language: row.language,
  }));
}

interface ViewRow {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly options: readonly string[] | null;
  readonly query: string;
}

export async function readViews(read: Read, scope: SqlScope): Promise<readonly ViewDefinition[]> {
  const rows = await read<ViewRow>(viewsSql(scope));
  return rows.map(({ oid, schema, name, options, query }) => {
    const clause = options === null ? "" : ` WITH (${options.join(", ")})`;
    return {
      oid,
      schema,
      name,
      ddl: `CREATE VIEW ${quoteQualified(schema, name)}${clause} AS ${query.trim().replace(/;$/, "")}`,
    };
  });
}

interface ConstraintRow {
  readonly schema: string;
  readonly table: string;
  readonly name: string;
  readonly kind: Constraint["kind"];
  readonly definition: string;
  readonly columns: readonly string[];
  readonly referenced_schema: string | null;
  readonly referenced_table: string | null;
  readonly referenced_columns: readonly string[];
  readonly index: string | null;
  readonly is_validated: boolean;
}

export async function readConstraints(read: Read, scope: SqlScope): Promise<readonly Constraint[]> {
  const rows = await read<ConstraintRow>(constraintsSql(scope));
  return rows.map((row) => ({
    schema: row.schema,
    table: row.table,
    name: row.name,
    kind: row.kind,
    definition: row.definition,
    columns: row.columns,
    references:
      row.referenced_schema === null || row.referenced_table === null
        ? null
        : {
            schema: row.referenced_schema,
            table: row.referenced_table,
            columns: row.referenced_columns,
          },
    index: row.index,
    isValidated: row.is_validated,
  }));
}

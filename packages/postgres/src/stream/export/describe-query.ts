import type { Connection } from "../../connection/connection.ts";
import type { QueryResult } from "../../connection/queryable.ts";
import type { SingleQuery } from "../single-query.ts";

export interface QueryColumn {
  readonly name: string;
  /** Of the type under all domains, as the protocol has it. */
  readonly typeOid: number;
}

export interface QueryDescription {
  readonly columns: readonly QueryColumn[];
  /** The type of `$1`, `$2`, … as the query uses them, with their schemas and fit for SQL. A name with its schema takes no length, which would cut values. */
  readonly parameterTypes: readonly string[];
}

const PARAMETER_TYPES = "upshift_parameter_types";

/**
 * Asks the server which columns a query gives and which types its parameters have. The query is planned and not run: the join's condition is false.
 */
export async function describeQuery(
  connection: Connection,
  query: SingleQuery,
): Promise<QueryDescription> {
  const result = await connection.run<Record<string, unknown>>({
    text: `SELECT t.*, ${parameterTypesSql(query.values.length)} AS ${PARAMETER_TYPES} FROM ${nothingOf(query, "t")}`,
    values: query.values,
  });
  const types: unknown = result.rows[0]?.[PARAMETER_TYPES];
  return {
    columns: columnsOf(result) ?? (await readColumns(connection, query)),
    parameterTypes: typeof types === "string" ? readTypes(types) : [],
  };
}

/** One row whose columns are those of the query, all NULL. */
function nothingOf(query: SingleQuery, alias: string): string {
  return `(SELECT) one LEFT JOIN (${query.text}) AS ${alias} ON false`;
}

/** After FROM the server knows the type of each parameter, wherever in FROM it stands. */
function parameterTypesSql(count: number): string {
  if (count === 0) return "NULL";
  const types = Array.from({ length: count }, (_, index) => `pg_catalog.pg_typeof($${index + 1})`);
  return `(
    SELECT pg_catalog.json_agg(pg_catalog.format('%I.%I', n.nspname, y.typname) ORDER BY p.position)::pg_catalog.text
    FROM pg_catalog.unnest(ARRAY[${types.join(", ")}]::pg_catalog.oid[]) WITH ORDINALITY AS p(oid, position)
    JOIN pg_catalog.pg_type y ON y.oid = p.oid
    JOIN pg_catalog.pg_namespace n ON n.oid = y.typnamespace
  )`;
}

function readTypes(json: string): readonly string[] {
  const types: unknown = JSON.parse(json);
  return Array.isArray(types) ? types.map(String) : [];
}

/** From the description that pg and PGlite give beside the rows. */
function columnsOf(result: QueryResult): readonly QueryColumn[] | undefined {
  if (!("fields" in result) || !Array.isArray(result.fields)) return undefined;
  const columns: QueryColumn[] = [];
  for (const field of result.fields.slice(0, -1)) {
    if (typeof field?.name !== "string" || typeof field.dataTypeID !== "number") return undefined;
    columns.push({ name: field.name, typeOid: field.dataTypeID });
  }
  return columns;
}

/** The same from SQL alone, for drivers that give rows and nothing else. */
async function readColumns(
  connection: Connection,
  query: SingleQuery,
): Promise<readonly QueryColumn[]> {
  const named = await connection.run<{ readonly name: string }>({
    // JSON keeps equal names apart, and their order.
    text: `SELECT e.key AS name
      FROM (SELECT t.* FROM ${nothingOf(query, "t")}) AS u, pg_catalog.json_each(pg_catalog.row_to_json(u.*)) WITH ORDINALITY AS e(key, value, position)
      ORDER BY e.position`,
    values: query.values,
  });
  const names = named.rows.map(({ name }) => name);
  if (names.length === 0) return [];
  const aliases = names.map((_, index) => `c${index}`);
  const typed = await connection.run<{ readonly oid: string }>({
    text: `WITH RECURSIVE columns AS (
        SELECT p.oid, p.position
        FROM ${nothingOf(query, `t(${aliases.join(", ")})`)},
          pg_catalog.unnest(ARRAY[${aliases.map((alias) => `pg_catalog.pg_typeof(t.${alias})`).join(", ")}]::pg_catalog.oid[]) WITH ORDINALITY AS p(oid, position)
      ), down AS (
        SELECT oid, position FROM columns
        UNION ALL
        SELECT y.typbasetype, down.position FROM down JOIN pg_catalog.pg_type y ON y.oid = down.oid WHERE y.typtype = 'd'
      )
      SELECT down.oid::pg_catalog.text AS oid FROM down JOIN pg_catalog.pg_type y ON y.oid = down.oid WHERE y.typtype <> 'd' ORDER BY down.position`,
    values: query.values,
  });
  return names.map((name, index) => ({ name, typeOid: Number(typed.rows[index]?.oid) }));
}

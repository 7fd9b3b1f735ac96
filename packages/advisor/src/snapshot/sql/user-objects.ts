/**
 * True for schemas a person made. `pg_` is reserved, so it covers pg_catalog, pg_toast and every temporary schema.
 *
 * @param namespace - alias of pg_namespace
 */
export function isUserSchema(namespace: string): string {
  return `${namespace}.nspname !~ '^pg_' AND ${namespace}.nspname <> 'information_schema'`;
}

/**
 * True for objects that no extension owns.
 *
 * @param catalog - the catalog the object lives in: `pg_class`
 * @param oid - SQL of its OID
 */
export function isNotOfExtension(catalog: string, oid: string): string {
  return `NOT EXISTS (
    SELECT FROM pg_catalog.pg_depend AS own
    WHERE own.classid = 'pg_catalog.${catalog}'::pg_catalog.regclass AND own.objid = ${oid} AND own.deptype = 'e')`;
}

/** What the forms of the statements depend on. */
export interface SqlScope {
  /** `server_version_num` */
  readonly versionNumber: number;
  /** Relations under an exclusive lock: printing their expressions would wait for it. */
  readonly lockedOids: readonly number[];
}

/** True for relations that no other session holds or awaits an exclusive lock on. */
export function isNotLocked(oid: string, { lockedOids }: SqlScope): string {
  return `${oid} <> ALL ('{${lockedOids.join(",")}}'::pg_catalog.oid[])`;
}

/** SQL of a timestamp as milliseconds since the Unix epoch. */
export function epochMs(timestamp: string): string {
  return `pg_catalog.floor(pg_catalog.date_part('epoch', ${timestamp}) * 1000)::bigint`;
}

/** A SELECT whose only column is one JSON text per row; `name` shows in the server's logs whose statement this is. */
export function asJsonRows(name: string, select: string): string {
  return `SELECT /* ${STATEMENT_MARK} ${name} */ pg_catalog.row_to_json(t)::text AS row FROM (${select}) AS t`;
}

/** In every statement of the tool, so that it never advises on itself. */
export const STATEMENT_MARK = "upshift:";

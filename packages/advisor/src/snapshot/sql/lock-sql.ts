import { asJsonRows, isUserSchema } from "./user-objects.ts";

/**
 * Relations that a session holds or awaits an exclusive lock on: reading their definitions or sizes would queue behind it,
 * and everybody else behind that.
 */
export const LOCKED_RELATIONS_SQL: string = asJsonRows(
  "locked relations",
  `
  SELECT DISTINCT c.oid::bigint AS oid, n.nspname AS schema, c.relname AS name, c.relkind::text AS kind
  FROM pg_catalog.pg_locks AS l
  JOIN pg_catalog.pg_class AS c ON c.oid = l.relation
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  WHERE l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock'
    AND l.database = (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database())
    AND ${isUserSchema("n")}`,
);

export type { Queryable, QueryResult, Row } from "./connection/queryable.ts";
export { identifier, joinSql, sql, type Sql } from "./sql/sql.ts";
export type { TableName } from "./catalog/catalog.ts";
export { UnknownColumnError, UnknownTableError } from "./postgres-errors.ts";

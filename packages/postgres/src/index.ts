export type { Queryable, QueryResult, Row } from "./connection/queryable.ts";
export { identifier, joinSql, sql, type Sql } from "./sql/sql.ts";
export type { TableName } from "./catalog/catalog.ts";
export { UnknownColumnError, UnknownTableError } from "./postgres-errors.ts";
export { type Cursors, type CursorsOptions, cursors } from "./keyset/cursors/cursors.ts";
export type { PageExplanation } from "./keyset/explain/explain-page.ts";
export type { PageWarning } from "./keyset/explain/page-warnings.ts";
export { keyset, type KeysetOptions, type PageReader } from "./keyset/keyset.ts";
export {
  CursorTooLargeError,
  InvalidCursorError,
  InvalidPageError,
  NullKeyError,
} from "./keyset/keyset-errors.ts";
export { keysetRows, type KeysetRowsOptions, type KeysetRowsSpec } from "./keyset/keyset-rows.ts";
export type {
  KeyExpression,
  KeysetKey,
  KeysetSpec,
  OrderDirection,
  OrderItem,
  OrderOptions,
} from "./keyset/keyset-spec.ts";
export type { Page, PageEdge } from "./keyset/page.ts";
export type { PageRequest } from "./keyset/page-request.ts";
export type { RowCount } from "./keyset/count-rows.ts";

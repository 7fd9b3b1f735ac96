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
export { createPool } from "./pool/create-pool.ts";
export type { PgClient, PgDriver, PgPool, ServerConfig } from "./pool/pg-driver.ts";
export type { CloseOptions, HealthOptions, Pool, PoolGauges, ReplicaGauges } from "./pool/pool.ts";
export {
  ConnectionHungError,
  ConnectTimeoutError,
  InvalidPositionError,
  MissingDriverError,
  PoolClosedError,
  type PoolLoad,
  PoolTimeoutError,
  StatementTimeoutError,
  TransactionTimeoutError,
} from "./pool/pool-errors.ts";
export type { PoolHealth, ReplicaHealth, ServerHealth } from "./pool/pool-health.ts";
export type { PoolOptions, ServerAddress } from "./pool/pool-options.ts";
export type { ConnectionBudget } from "./pool/pool-size.ts";
export type { AfterOptions, ReadRoute } from "./pool/read-route.ts";
export { transaction, type TransactionBody, type TransactionOptions } from "./pool/transaction.ts";
export type { Transaction } from "./pool/transaction-handle.ts";
export {
  CommitUnknownError,
  TransactionBusyError,
  TransactionEndedError,
  TransactionRolledBackError,
} from "./connection/transaction-errors.ts";
export { insertMany, type InsertManyOptions } from "./write/insert-many.ts";
export { upsertMany, type UpsertManyOptions, type UpsertResult } from "./write/upsert-many.ts";
export { updateMany, type UpdateManyOptions } from "./write/update-many.ts";
export { deleteMany, type DeleteManyOptions } from "./write/delete-many.ts";
export { copyMany, type CopyManyOptions, type CopyResult } from "./write/copy-many.ts";
export { jsonNull } from "./write/encode/json-null.ts";
export type { RowSource, Source } from "./write/input/row-source.ts";
export type { Returning } from "./write/statement/returning.ts";
export type { BatchOptions, BatchResult } from "./write/write-options.ts";
export { BadRowError, PartialWriteError, type WrittenChunk } from "./write/write-errors.ts";
export { type RowStream, streamRows, type StreamRowsOptions } from "./stream/stream-rows.ts";
export type { BatchSize } from "./stream/batch-size.ts";
export type { StreamQuery } from "./stream/single-query.ts";
export { type ExportResult, exportRows } from "./stream/export/export-rows.ts";
export type { ExportRowsOptions } from "./stream/export/export-options.ts";
export type { ExportFormat } from "./stream/export/document.ts";
export type { TextParser, TypeParsers } from "./stream/export/column-form.ts";
export {
  DestinationClosedError,
  StreamIdleError,
  StreamTimeoutError,
} from "./stream/stream-errors.ts";
export type { RequestedField } from "./select/pick-fields.ts";
export {
  type ColumnField,
  computed,
  type ComputedField,
  type FieldDefinition,
  type FieldDefinitions,
  type JoinDefinition,
  type JoinDefinitions,
  type ListField,
  type ObjectField,
  type ProjectionDefinition,
} from "./select/projection-definition.ts";
export {
  type PickOptions,
  type Projection,
  projection,
  type Selection,
  type SelectOptions,
} from "./select/projection.ts";
export { UnknownFieldError } from "./select/select-errors.ts";
export type { SortDirection, SortItem } from "./select/sort-keys.ts";
export { loader, type LoaderFactory } from "./load/loader.ts";
export type { CacheOptions, KeyColumns, ListLoaderOptions, LoaderOptions } from "./load/loader.ts";
export { loaders } from "./load/loaders.ts";
export type { ListOptions, RowsOptions } from "./load/load-spec.ts";
export { attach, type Attached } from "./load/attach.ts";
export { belongsTo, hasMany, hasOne, manyToMany } from "./load/relation.ts";
export type {
  BelongsToOptions,
  Columns,
  HasManyOptions,
  HasOneOptions,
  ManyToManyOptions,
  Relation,
  Relations,
} from "./load/relation.ts";
export { KeyNotUniqueError, RelationNotFoundError, RowNotFoundError } from "./load/load-errors.ts";
export {
  coalesce,
  type Coalesced,
  type CoalescedQueryConfig,
  type CoalesceOptions,
} from "./load/coalesce/coalesce.ts";
export type { CoalesceStats } from "./load/coalesce/coalesce-stats.ts";
export type { RefusalReason } from "./load/coalesce/point-query.ts";

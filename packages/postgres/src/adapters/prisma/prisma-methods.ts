import type { Duration } from "@upshift/foundation";
import type { Abortable } from "../../connection/with-connection.ts";
import type { Page } from "../../keyset/page.ts";
import type { PageRequest } from "../../keyset/page-request.ts";
import type { Sql } from "../../sql/sql.ts";
import type { BatchSize } from "../../stream/batch-size.ts";
import type { InsertManyOptions } from "../../write/insert-many.ts";
import type { Source } from "../../write/input/row-source.ts";
import type { UpsertManyOptions, UpsertResult } from "../../write/upsert-many.ts";
import type { BatchResult } from "../../write/write-options.ts";
import type {
  DataOf,
  FieldOf,
  OrderOf,
  Scalars,
  SelectedRow,
  SelectOf,
  WhereOf,
} from "./model-types.ts";

/** What `upshift()` adds to every model. Rows have Prisma's field names and types. A type, since Prisma takes no interface here. */
// oxlint-disable-next-line typescript/consistent-type-definitions
export type UpshiftMethods = {
  /**
   * A page of rows by the keys of `orderBy`: as cheap at any depth, exact with NULLs and ties.
   *
   * @throws {InvalidCursorError} for a cursor that is not of this list, these filters and this binding
   * @throws {InvalidPageError} for a size or direction that cannot be
   * @throws {InvalidArgumentError} for relations in `where`, `orderBy` or `select`, or when `upshift` was given no `cursors`
   */
  findPage<M, const S extends SelectOf<M> | undefined = undefined>(
    this: M,
    request?: FindPageRequest<M, S>,
  ): Promise<Page<SelectedRow<M, S>>>;
  /**
   * Rows one by one, in bounded memory, over a cursor in a transaction. Inside of a `$transaction` it is part of that.
   *
   * @throws {InvalidArgumentError} from the first row, for relations in `where`, `orderBy` or `select`
   */
  stream<M, const S extends SelectOf<M> | undefined = undefined>(
    this: M,
    request?: StreamRequest<M, S>,
  ): AsyncGenerator<SelectedRow<M, S>, void, undefined>;
  /**
   * Inserts rows in few statements.
   *
   * @throws {BadRowError} for a row that cannot be written, with its index; nothing is written
   */
  insertMany<M>(
    this: M,
    rows: Source<DataOf<M>>,
    options?: Omit<InsertManyOptions, "returning"> & ReturningFields<M>,
  ): Promise<BatchResult<Scalars<M>>>;
  /**
   * Inserts rows, and updates those whose key is there already. Fields with `@updatedAt` get the time of the call where a row gives none.
   *
   * @throws {BadRowError} for a row that cannot be written, with its index; nothing is written
   */
  upsertMany<M>(
    this: M,
    rows: Source<DataOf<M>>,
    options: UpsertRequest<M>,
  ): Promise<UpsertResult<Scalars<M>>>;
};

interface Filter<M, S> {
  /** As for `findMany`, over scalar fields. */
  readonly where?: WhereOf<M> | undefined;
  /** A further condition in SQL, for what `where` has not: over columns, not fields. */
  readonly and?: Sql | undefined;
  readonly select?: S;
}

export interface FindPageRequest<M, S> extends Filter<M, S>, Omit<PageRequest, "where" | "select"> {
  /** Default is the primary key; where it is not unique the primary key is appended. */
  readonly orderBy?: OrderOf<M> | readonly OrderOf<M>[] | undefined;
}

export interface StreamRequest<M, S> extends Filter<M, S>, Abortable {
  /** Default is whichever order is cheapest. */
  readonly orderBy?: OrderOf<M> | readonly OrderOf<M>[] | undefined;
  readonly batchSize?: BatchSize;
  readonly timeout?: Duration;
  readonly idleTimeout?: Duration;
}

export interface UpsertRequest<M>
  extends Omit<UpsertManyOptions, "conflict" | "update" | "returning">, ReturningFields<M> {
  /** Fields of `@id`, `@unique`, `@@id` or `@@unique`. */
  readonly conflict: readonly FieldOf<M>[];
  /** Fields that a row which is there gets of the new one. Default is all that it has, except `conflict`. */
  readonly update?: readonly FieldOf<M>[];
}

export interface ReturningFields<M> {
  /** Fields of each row that come back, `'*'` for all; default none. */
  readonly returning?: readonly FieldOf<M>[] | "*" | undefined;
}

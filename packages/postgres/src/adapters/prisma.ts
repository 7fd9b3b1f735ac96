import { type Clock, InvalidArgumentError, systemClock } from "@upshift/foundation";
import type { TableName } from "../catalog/catalog.ts";
import type { Cursors } from "../keyset/cursors/cursors.ts";
import { keyset } from "../keyset/keyset.ts";
import type { Page } from "../keyset/page.ts";
import { streamRows } from "../stream/stream-rows.ts";
import { insertMany } from "../write/insert-many.ts";
import { upsertMany, type UpsertManyOptions } from "../write/upsert-many.ts";
import {
  columnList,
  condition,
  orderKeys,
  selectedFields,
  streamStatement,
} from "./prisma/compile-query.ts";
import { finishRow } from "./prisma/field-values.ts";
import { createHome, type Home } from "./prisma/home.ts";
import { fieldOf, type ModelMap } from "./prisma/model-map.ts";
import { contextOf, type ModelContext } from "./prisma/prisma-client.ts";
import type {
  FindPageRequest,
  StreamRequest,
  UpsertRequest,
  UpshiftMethods,
} from "./prisma/prisma-methods.ts";
import { returnedColumns, toFieldRow } from "./prisma/returned-rows.ts";
import { toColumnRows } from "./prisma/column-rows.ts";

export { fromPrisma } from "./prisma/from-prisma.ts";
export type { PrismaLike, PrismaRoot } from "./prisma/prisma-client.ts";
export type {
  FindPageRequest,
  ReturningFields,
  StreamRequest,
  UpsertRequest,
  UpshiftMethods,
} from "./prisma/prisma-methods.ts";

export interface UpshiftOptions {
  /** Makes the cursors of `findPage`, which needs them. */
  readonly cursors?: Cursors;
  /** Rows of a page that asks for no number. Default is 20. */
  readonly pageSize?: number;
  /** The most that `first` and `last` may ask for. Default is 100. */
  readonly maxPageSize?: number;
  readonly clock?: Clock;
}

/** An extension for `prisma.$extends`. */
export interface UpshiftExtension {
  readonly name: "upshift";
  readonly model: { readonly $allModels: UpshiftMethods };
}

/**
 * Gives every model of a Prisma 7 client on PostgreSQL `findPage`, `stream`, `insertMany` and `upsertMany`.
 *
 * ```ts
 * const prisma = new PrismaClient({ adapter }).$extends(upshift({ cursors: cursors({ secret }) }));
 * const page = await prisma.user.findPage({ orderBy: { score: "desc" }, first: 20 });
 * ```
 *
 * Statements run by the client's raw queries: on its connections, inside of its transactions, in its query log. Other extensions do not see them as operations of a model.
 */
export function upshift(options: UpshiftOptions = {}): UpshiftExtension {
  const { clock = systemClock } = options;
  const homes = new WeakMap<object, Home>();
  const open = async (self: unknown): Promise<OpenModel> => {
    const context = contextOf(self);
    const known = homes.get(context.root);
    const home = known ?? createHome(context.root);
    if (known === undefined) homes.set(context.root, home);
    return { context, home, model: await home.model(context) };
  };
  return {
    name: "upshift",
    model: {
      $allModels: {
        async findPage(request = {}) {
          return findPage(await open(this), request, options);
        },
        async *stream(request = {}) {
          yield* stream(await open(this), request);
        },
        async insertMany(rows, request = {}) {
          const { home, context, model } = await open(this);
          const result = await insertMany(
            home.queryable(context.client),
            tableOf(model),
            toColumnRows(rows, model, clock),
            { ...request, returning: returnedColumns(request.returning, model) },
          );
          return { ...result, rows: result.rows.map((row) => toFieldRow(row, model)) };
        },
        async upsertMany(rows, request) {
          const { home, context, model } = await open(this);
          const result = await upsertMany(
            home.queryable(context.client),
            tableOf(model),
            toColumnRows(rows, model, clock),
            toUpsertOptions(request, model),
          );
          return { ...result, rows: result.rows.map((row) => toFieldRow(row, model)) };
        },
      },
    },
  };
}

interface OpenModel {
  readonly context: ModelContext;
  readonly home: Home;
  readonly model: ModelMap;
}

// The row's type follows from the model.
// oxlint-disable-next-line typescript/no-explicit-any
type AnyRow = any;

async function findPage(
  { context, home, model }: OpenModel,
  { where, and, orderBy, select, ...request }: FindPageRequest<unknown, unknown>,
  { cursors, pageSize, maxPageSize }: UpshiftOptions,
): Promise<Page<AnyRow>> {
  if (cursors === undefined) {
    throw new InvalidArgumentError(
      "`cursors` in upshift({ cursors: cursors({ secret }) })",
      "none",
    );
  }
  const fields = selectedFields(select, model);
  const order = orderKeys(orderBy, model);
  const list = home.list(JSON.stringify([model.name, order]), () =>
    keyset(home.current, {
      from: tableOf(model),
      order,
      cursors,
      ...(pageSize === undefined ? {} : { pageSize }),
      ...(maxPageSize === undefined ? {} : { maxPageSize }),
    }),
  );
  const page = await home.within(context.client, () =>
    list({ ...request, where: condition({ where, and }, model), select: columnList(fields) }),
  );
  for (const row of page.rows) finishRow(row, fields);
  return page;
}

async function* stream(
  { context, home, model }: OpenModel,
  { where, and, orderBy, select, ...options }: StreamRequest<unknown, unknown>,
): AsyncGenerator<AnyRow, void, undefined> {
  const fields = selectedFields(select, model);
  const statement = streamStatement({ where, and, orderBy }, fields, model);
  const rows = streamRows(home.queryable(context.client), statement, options);
  for await (const row of rows) yield finishRow(row, fields);
}

function toUpsertOptions(
  { conflict, update, returning, ...options }: UpsertRequest<unknown>,
  model: ModelMap,
): UpsertManyOptions {
  const columns = (names: readonly string[], place: string): readonly string[] =>
    names.map((name) => fieldOf(model, name, place).column.name);
  return {
    ...options,
    conflict: columns(conflict, "conflict"),
    ...(update === undefined ? {} : { update: columns(update, "update") }),
    returning: returnedColumns(returning, model),
  };
}

function tableOf({ table }: ModelMap): TableName {
  return { schema: table.schema, name: table.name };
}

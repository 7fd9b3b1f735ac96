import { InvalidArgumentError } from "@upshift/foundation";
import type { OrderItem } from "../../keyset/keyset-spec.ts";
import { sharedSql } from "../../sql/shared-sql.ts";
import { quoteIdentifier } from "../../sql/quote-identifier.ts";
import { joinSql, Sql, sql, verbatim } from "../../sql/sql.ts";
import { compileWhere } from "./compile-where.ts";
import { fieldOf, type ModelField, type ModelMap } from "./model-map.ts";

/** What findPage and stream have in common. */
export interface QueryRequest {
  readonly where?: unknown;
  readonly and?: Sql | undefined;
  readonly orderBy?: unknown;
  readonly select?: unknown;
}

/** @throws {InvalidArgumentError} for relations and unknown fields, and when nothing is selected */
export function selectedFields(select: unknown, model: ModelMap): readonly ModelField[] {
  if (select === undefined || select === null) return [...model.fields.values()];
  const names = typeof select === "object" ? Object.entries(select) : [];
  const fields = names
    .filter(([, isWanted]) => isWanted !== false && isWanted !== undefined)
    .map(([name]) => fieldOf(model, name, "select"));
  if (fields.length > 0) return fields;
  throw new InvalidArgumentError("`select` with at least one field that is true", typeof select);
}

/** Columns under the names of their fields. */
export function columnList(fields: readonly ModelField[]): Sql {
  const columns = fields.map(({ sqlName, name }) =>
    verbatim(`${sqlName} AS ${quoteIdentifier(name)}`),
  );
  return joinSql(columns, verbatim(", "));
}

export function condition({ where, and }: QueryRequest, model: ModelMap): Sql | undefined {
  if (and !== undefined && !(and instanceof Sql)) {
    throw new InvalidArgumentError("`and` as sql`…`", typeof and);
  }
  const filter = compileWhere(where, model);
  if (and === undefined || filter === undefined) return filter ?? and;
  return sql`${filter} AND (${sharedSql(and)})`;
}

type Keys = readonly [OrderItem, ...OrderItem[]];

/**
 * Prisma's `orderBy` over scalar fields as the keys of a list.
 *
 * @returns the primary key when it says nothing
 */
export function orderKeys(orderBy: unknown, model: ModelMap): Keys {
  const items: readonly unknown[] = Array.isArray(orderBy) ? orderBy : [orderBy ?? {}];
  const keys = items.flatMap((item) =>
    Object.entries(typeof item === "object" && item !== null ? item : {})
      .filter(([, manner]) => manner !== undefined)
      .map(([name, manner]): OrderItem => orderItem(fieldOf(model, name, "orderBy"), manner)),
  );
  const [first, ...others] = keys.length > 0 ? keys : model.table.primaryKey;
  if (first !== undefined) return [first, ...others];
  throw new InvalidArgumentError(`\`orderBy\`, since ${model.name} has no primary key`, "none");
}

function orderItem({ name, column }: ModelField, manner: unknown): OrderItem {
  const { sort, nulls }: { readonly sort?: unknown; readonly nulls?: unknown } =
    typeof manner === "object" && manner !== null ? manner : { sort: manner };
  if (sort !== "asc" && sort !== "desc") {
    throw new InvalidArgumentError(
      `"asc" or "desc" for ${JSON.stringify(name)} in \`orderBy\``,
      sort,
    );
  }
  if (nulls !== undefined && nulls !== "first" && nulls !== "last") {
    throw new InvalidArgumentError(
      `\`nulls\` of ${JSON.stringify(name)} as "first" or "last"`,
      nulls,
    );
  }
  return [column.name, sort, nulls === undefined ? {} : { nulls }];
}

/** A whole statement, for a stream. */
export function streamStatement(
  request: QueryRequest,
  fields: readonly ModelField[],
  model: ModelMap,
): Sql {
  const where = condition(request, model);
  const order = request.orderBy === undefined ? undefined : orderClause(request.orderBy, model);
  return sql`SELECT ${columnList(fields)} FROM ${verbatim(model.table.sqlName)}${
    where === undefined ? sql`` : sql` WHERE ${where}`
  }${order === undefined ? sql`` : sql` ORDER BY ${order}`}`;
}

function orderClause(orderBy: unknown, model: ModelMap): Sql {
  const table = quoteIdentifier(model.table.name);
  const keys = orderKeys(orderBy, model).map((item) => {
    const [key, direction = "asc", { nulls } = {}] = Array.isArray(item) ? item : [item];
    const place = nulls === undefined ? "" : ` NULLS ${nulls.toUpperCase()}`;
    return verbatim(`${table}.${quoteIdentifier(String(key))} ${direction.toUpperCase()}${place}`);
  });
  return joinSql(keys, verbatim(", "));
}

import { InvalidArgumentError } from "@upshift/foundation";
import { sharedSql } from "../sql/shared-sql.ts";
import { quoteIdentifier } from "../sql/quote-identifier.ts";
import { joinSql, Sql, sql, verbatim } from "../sql/sql.ts";
import type {
  KeyExpression,
  KeysetKey,
  KeysetSpec,
  OrderDirection,
  OrderItem,
  OrderOptions,
} from "./keyset-spec.ts";

/** One item of an order as it was asked for, with every default filled in. */
export interface OrderKey {
  /** Of a column; `undefined` of an expression. */
  readonly column: string | undefined;
  /** Without its collation. */
  readonly expression: Sql;
  readonly isAscending: boolean;
  readonly isNullsFirst: boolean;
  /** As SQL, quoted; `undefined` for the key's own. */
  readonly collation: string | undefined;
  /** What the caller says of it. */
  readonly nullable: boolean | undefined;
}

/** One index of PostgreSQL has no more columns. */
const MOST_KEYS = 32;

/** @throws {InvalidArgumentError} when an item has not the documented form */
export function toOrderKeys(spec: KeysetSpec): readonly OrderKey[] {
  const { order } = spec;
  if (!Array.isArray(order) || order.length === 0 || order.length > MOST_KEYS) {
    throw new InvalidArgumentError(
      `\`order\` as a list of 1 to ${MOST_KEYS} keys`,
      lengthOf(order),
    );
  }
  return order.map((item) => toOrderKey(item));
}

/** More keys for the end of an order: in the direction of its last one, so that one index and one row comparison can serve all of it. */
export function keysAfter(
  asked: readonly OrderKey[],
  keys: readonly KeysetKey[],
): readonly OrderKey[] {
  const direction = asked.at(-1)?.isAscending === false ? "desc" : "asc";
  return keys.map((key) => toOrderKey([key, direction]));
}

/** The keys that the caller declares to make the order unique, without those that it has. */
export function declaredTieBreakers(
  { primaryKey = [], isUnique = false }: KeysetSpec,
  asked: readonly OrderKey[],
): readonly OrderKey[] {
  const known = new Set(asked.map(keyText));
  return keysAfter(asked, isUnique ? [] : primaryKey).filter((key) => !known.has(keyText(key)));
}

/** The key with its collation, wherever it is compared or sorted. */
export function keySql({ expression, collation }: OrderKey): Sql {
  return collation === undefined ? expression : sql`(${expression} COLLATE ${verbatim(collation)})`;
}

/** How a key is told from another: its SQL, values included. */
function keyText(key: OrderKey): string {
  return JSON.stringify([key.column ?? key.expression.compile(), key.collation ?? null]);
}

function toOrderKey(item: OrderItem): OrderKey {
  const [key, direction = "asc", options = {}] = isTuple(item) ? item : [item];
  const isAscending = toIsAscending(direction);
  return {
    ...toKey(key),
    isAscending,
    isNullsFirst: toIsNullsFirst(options.nulls, isAscending),
    collation: toCollation(options.collation),
  };
}

function isTuple(item: OrderItem): item is readonly [KeysetKey, OrderDirection?, OrderOptions?] {
  return Array.isArray(item);
}

function toKey(key: KeysetKey): Pick<OrderKey, "column" | "expression" | "nullable"> {
  if (typeof key === "string") {
    return { column: key, expression: verbatim(quoteIdentifier(key)), nullable: undefined };
  }
  if (key instanceof Sql)
    return { column: undefined, expression: bracketed(key), nullable: undefined };
  if (isKeyExpression(key)) {
    return { column: undefined, expression: bracketed(key.sql), nullable: key.nullable };
  }
  throw new InvalidArgumentError(
    "a key of `order` as a column's name, sql`…` or { sql, nullable }",
    typeof key,
  );
}

function isKeyExpression(key: unknown): key is KeyExpression {
  return typeof key === "object" && key !== null && "sql" in key && key.sql instanceof Sql;
}

function bracketed(piece: Sql): Sql {
  return joinSql([verbatim("("), sharedSql(piece), verbatim(")")], verbatim(""));
}

function toIsAscending(direction: OrderDirection): boolean {
  if (direction !== "asc" && direction !== "desc") {
    throw new InvalidArgumentError('the direction of a key as "asc" or "desc"', direction);
  }
  return direction === "asc";
}

function toIsNullsFirst(nulls: "first" | "last" | undefined, isAscending: boolean): boolean {
  if (nulls !== undefined && nulls !== "first" && nulls !== "last") {
    throw new InvalidArgumentError('`nulls` of a key as "first" or "last"', nulls);
  }
  return nulls === undefined ? !isAscending : nulls === "first";
}

function toCollation(collation: OrderOptions["collation"]): string | undefined {
  if (collation === undefined) return undefined;
  return typeof collation === "string"
    ? quoteIdentifier(collation)
    : `${quoteIdentifier(collation.schema)}.${quoteIdentifier(collation.name)}`;
}

function lengthOf(order: unknown): string {
  return Array.isArray(order) ? `${order.length} keys` : typeof order;
}

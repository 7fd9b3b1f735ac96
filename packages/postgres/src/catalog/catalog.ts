import { InvalidArgumentError } from "@upshift/foundation";
import type { Queryable } from "../connection/queryable.ts";
import { UnknownColumnError, UnknownTableError } from "../postgres-errors.ts";
import { readTableFacts } from "./read-table-facts.ts";
import type { ColumnFacts, TableFacts } from "./table-facts.ts";

/**
 * A table by name, exactly as the catalog spells it: nothing is folded to lower case. Text may name the schema before a dot, `'sales.orders'`; a
 * name that has a dot of its own takes the object form. Without a schema the search path decides.
 */
export type TableName = string | { readonly schema?: string; readonly name: string };

/** Facts of the tables of one database, each read once. */
export interface Catalog {
  /** @throws {UnknownTableError} */
  table(name: TableName): Promise<TableFacts>;
  /**
   * The columns of these names, in their order. Names that are not known send it to the catalog once more, so a migration needs no restart.
   *
   * @throws {UnknownTableError}
   * @throws {UnknownColumnError}
   */
  columns(name: TableName, columns: readonly string[]): Promise<readonly ColumnFacts[]>;
  /** Reads the table anew at its next use: after an error that says it has changed. */
  forget(name: TableName): void;
}

/** Where a queryable keeps its catalog, so that no module has to. */
const CATALOG: unique symbol = Symbol.for("@upshift/postgres/catalog");

interface CatalogOwner {
  [CATALOG]?: Catalog;
}

/**
 * The catalog of what this queryable is connected to. It lives as long as the queryable, and no longer.
 *
 * @param db - a frozen one gets a new catalog at each call
 */
export function catalogOf(db: Queryable & CatalogOwner): Catalog {
  const known = db[CATALOG];
  if (known !== undefined) return known;
  const catalog = createCatalog(db);
  if (Object.isExtensible(db)) shareCatalog(db, catalog);
  return catalog;
}

/** Lets a connection use the catalog of the pool that it comes from. */
export function shareCatalog(db: Queryable, catalog: Catalog): void {
  Object.defineProperty(db, CATALOG, { value: catalog, configurable: true, enumerable: false });
}

function createCatalog(db: Queryable): Catalog {
  const tables = new Map<string, Promise<TableFacts>>();
  const read = async (name: TableName): Promise<TableFacts> => {
    const { schema, table } = splitName(name);
    const facts = await readTableFacts(db, schema, table);
    if (facts === undefined) throw new UnknownTableError(schema, table);
    return facts;
  };
  const forget = (name: TableName): void => {
    tables.delete(cacheKey(name));
  };
  const table = (name: TableName): Promise<TableFacts> => {
    const key = cacheKey(name);
    const known = tables.get(key);
    if (known !== undefined) return known;
    const facts = read(name);
    tables.set(key, facts);
    // Not even the caller's own failure is kept: the table may exist, and the server answer, next time.
    facts.catch(() => {
      if (tables.get(key) === facts) tables.delete(key);
    });
    return facts;
  };
  return {
    table,
    async columns(name, wanted) {
      const facts = await table(name);
      if (wanted.every((column) => facts.columns.has(column))) return pick(facts, wanted);
      forget(name);
      return pick(await table(name), wanted);
    },
    forget,
  };
}

function pick(facts: TableFacts, wanted: readonly string[]): readonly ColumnFacts[] {
  return wanted.map((name) => {
    const column = facts.columns.get(name);
    if (column === undefined) throw new UnknownColumnError(facts, name);
    return column;
  });
}

function cacheKey(name: TableName): string {
  const { schema, table } = splitName(name);
  return JSON.stringify([schema ?? null, table]);
}

function splitName(name: TableName): { schema: string | undefined; table: string } {
  const dot = typeof name === "string" ? name.indexOf(".") : -1;
  const parts =
    typeof name === "string"
      ? { schema: dot < 0 ? undefined : name.slice(0, dot), table: name.slice(dot + 1) }
      : { schema: name.schema, table: name.name };
  if ([parts.schema ?? "x", parts.table].some((part) => part === "" || part.includes("\0"))) {
    throw new InvalidArgumentError("a table as 'name', 'schema.name' or { schema, name }", name);
  }
  return parts;
}

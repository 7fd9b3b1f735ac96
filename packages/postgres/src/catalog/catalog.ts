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
  /** What is known so far; one object for all connections that share it. */
  readonly memory: CatalogMemory;
}

/** Facts by table, each with the connection that they are read over. */
type CatalogMemory = Map<string, { readonly facts: Promise<TableFacts>; readonly db: Queryable }>;

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
  const catalog = new SharedCatalog(db, new Map());
  if (Object.isExtensible(db)) setCatalog(db, catalog);
  return catalog;
}

/**
 * Lets a connection know what another queryable knows, such as the pool that it comes from. What neither knows is read over the connection itself: while transactions hold
 * all of a pool's connections, a read over the pool would wait for them, and they for it.
 */
export function shareCatalog(db: Queryable, { memory }: Catalog): void {
  setCatalog(db, new SharedCatalog(db, memory));
}

function setCatalog(db: Queryable, catalog: Catalog): void {
  Object.defineProperty(db, CATALOG, { value: catalog, configurable: true, enumerable: false });
}

/** Every transaction of a pool has one, so it is no more than two references. */
class SharedCatalog implements Catalog {
  readonly #db: Queryable;
  readonly memory: CatalogMemory;

  constructor(db: Queryable, memory: CatalogMemory) {
    this.#db = db;
    this.memory = memory;
  }

  table(name: TableName): Promise<TableFacts> {
    const key = cacheKey(name);
    const known = this.memory.get(key);
    if (known === undefined) return this.#read(key, name);
    // What fails over another connection says nothing of this one.
    return known.db === this.#db ? known.facts : known.facts.catch(() => this.#read(key, name));
  }

  async columns(name: TableName, wanted: readonly string[]): Promise<readonly ColumnFacts[]> {
    const facts = await this.table(name);
    if (wanted.every((column) => facts.columns.has(column))) return pick(facts, wanted);
    this.forget(name);
    return pick(await this.table(name), wanted);
  }

  forget(name: TableName): void {
    this.memory.delete(cacheKey(name));
  }

  #read(key: string, name: TableName): Promise<TableFacts> {
    const { memory } = this;
    const facts = readTable(this.#db, name);
    memory.set(key, { facts, db: this.#db });
    // Not even the caller's own failure is kept: the table may exist, and the server answer, next time.
    facts.catch(() => {
      if (memory.get(key)?.facts === facts) memory.delete(key);
    });
    return facts;
  }
}

async function readTable(db: Queryable, name: TableName): Promise<TableFacts> {
  const { schema, table } = splitName(name);
  const facts = await readTableFacts(db, schema, table);
  if (facts === undefined) throw new UnknownTableError(schema, table);
  return facts;
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

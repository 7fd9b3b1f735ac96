import { catalogOf, shareCatalog } from "../catalog/catalog.ts";
import type { Queryable } from "../connection/queryable.ts";

export interface TransactionOf {
  /** The database that the transaction is of, as a queryable that is kept: what it knows of tables need not be read again in each transaction. */
  readonly of?: Queryable;
}

/** Gives a queryable the catalog of another. */
export function withCatalogOf<Q extends Queryable>(of: Queryable | undefined, db: Q): Q {
  if (of !== undefined) shareCatalog(db, catalogOf(of));
  return db;
}

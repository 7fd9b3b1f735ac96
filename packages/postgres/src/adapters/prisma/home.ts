import { AsyncLocalStorage } from "node:async_hooks";
import { type Catalog, catalogOf, shareCatalog } from "../../catalog/catalog.ts";
import type { Queryable, Row } from "../../connection/queryable.ts";
import type { PageReader } from "../../keyset/keyset.ts";
import { fromPrisma } from "./from-prisma.ts";
import { type ModelMap, readModel } from "./model-map.ts";
import type { ModelContext, PrismaLike } from "./prisma-client.ts";

/** What is known of one client's database, shared by all of its extensions and transactions. */
export interface Home {
  model(context: ModelContext): Promise<ModelMap>;
  /** The client as a queryable that knows the catalog already. */
  queryable(client: PrismaLike): Queryable;
  /** Runs on the client that {@link Home.within} names. */
  readonly current: Queryable;
  within<T>(client: PrismaLike, body: () => Promise<T>): Promise<T>;
  /** The list of this key, made once; the most recent ones are kept. */
  list(key: string, create: () => PageReader<Row>): PageReader<Row>;
}

/** Orders that come with requests must not pile up. */
const MOST_LISTS = 200;

/** @param root - the client outside of any transaction: it lives as long as what is known */
export function createHome(root: PrismaLike): Home {
  const active = new AsyncLocalStorage<PrismaLike>();
  const current: Queryable = {
    preparedStatements: false,
    query: (text, values) => fromPrisma(active.getStore() ?? root).query(text, values),
  };
  const catalog: Catalog = catalogOf(fromPrisma(root));
  shareCatalog(current, catalog);
  const queryable = (client: PrismaLike): Queryable => {
    const db = fromPrisma(client);
    shareCatalog(db, catalog);
    return db;
  };
  const models = new Map<string, Promise<ModelMap>>();
  const lists = new Map<string, PageReader<Row>>();
  return {
    current,
    within: (client, body) => active.run(client, body),
    model(context) {
      const known = models.get(context.model);
      if (known !== undefined) return known;
      const model = readModel(catalogOf(queryable(context.client)), context);
      models.set(context.model, model);
      model.catch(() => models.delete(context.model));
      return model;
    },
    queryable,
    list(key, create) {
      const known = lists.get(key);
      if (known !== undefined) return known;
      const [oldest] = lists.keys();
      if (lists.size >= MOST_LISTS && oldest !== undefined) lists.delete(oldest);
      const created = create();
      lists.set(key, created);
      return created;
    },
  };
}

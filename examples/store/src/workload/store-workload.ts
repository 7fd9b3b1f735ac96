import { ACCOUNT_QUERIES } from "./account-queries.ts";
import { CONTENT_QUERIES } from "./content-queries.ts";
import { EVENT_QUERIES } from "./event-queries.ts";
import { ORDER_QUERIES } from "./order-queries.ts";
import { PRODUCT_QUERIES } from "./product-queries.ts";
import type { StoreQuery } from "./store-query.ts";
import { TENANT_QUERIES } from "./tenant-queries.ts";

/** Everything that the users of the shop ask its database. */
export const storeWorkload: readonly StoreQuery[] = [
  ...ACCOUNT_QUERIES,
  ...PRODUCT_QUERIES,
  ...ORDER_QUERIES,
  ...TENANT_QUERIES,
  ...CONTENT_QUERIES,
  ...EVENT_QUERIES,
];

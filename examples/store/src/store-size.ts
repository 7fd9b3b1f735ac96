import { InvalidArgumentError } from "@upshift/foundation";

/** Rows of each table (2.2 order items per order come on their own). */
export interface StoreSize {
  readonly users: number;
  readonly categories: number;
  readonly products: number;
  readonly orders: number;
  readonly posts: number;
  readonly comments: number;
  readonly events: number;
}

const FULL_SIZE: StoreSize = {
  users: 50_000,
  categories: 200,
  products: 12_000,
  orders: 400_000,
  posts: 20_000,
  comments: 160_000,
  events: 320_000,
};

/**
 * @param scale - 1 is the demo's store, 0.05 one for tests; categories stay as they are
 * @throws {InvalidArgumentError} outside 0.001 to 10
 */
export function storeSize(scale = 1): StoreSize {
  if (!(scale >= 0.001 && scale <= 10))
    throw new InvalidArgumentError("`scale` 0.001 to 10", scale);
  const scaled = (rows: number): number => Math.max(10, Math.round(rows * scale));
  return {
    users: scaled(FULL_SIZE.users),
    categories: FULL_SIZE.categories,
    products: scaled(FULL_SIZE.products),
    orders: scaled(FULL_SIZE.orders),
    posts: scaled(FULL_SIZE.posts),
    comments: scaled(FULL_SIZE.comments),
    events: scaled(FULL_SIZE.events),
  };
}

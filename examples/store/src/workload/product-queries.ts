import type { StoreQuery } from "./store-query.ts";

/** Browsing and searching the range. */
export const PRODUCT_QUERIES: readonly StoreQuery[] = [
  {
    name: "product-by-id",
    text: "SELECT * FROM products WHERE id = $1",
    calls: 200,
    values: (draws, size) => [draws.popular(size.products, 2.2)],
  },
  {
    name: "product-by-sku",
    text: "SELECT id, name, price, stock FROM products WHERE sku = $1",
    calls: 60,
    values: (draws, size) => [`SKU-${String(draws.uniform(size.products)).padStart(7, "0")}`],
  },
  {
    name: "category-cheapest",
    text: `SELECT id, name, price FROM products
           WHERE category_id = $1 AND is_active ORDER BY price LIMIT 24`,
    calls: 60,
    values: (draws, size) => [draws.popular(size.categories, 1.5)],
  },
  {
    name: "products-page",
    text: `SELECT id, name, price FROM products
           WHERE is_active ORDER BY created_at DESC, id DESC LIMIT 24 OFFSET $1`,
    calls: 8,
    values: (draws) => [24 * draws.uniform(200)],
  },
  {
    name: "product-search",
    text: "SELECT id, name, price FROM products WHERE name ILIKE $1 AND is_active LIMIT 20",
    calls: 8,
    values: (draws) => [`%${draws.pick(["oak lamp", "bamboo", "steel desk", "wool rug 11"])}%`],
  },
  {
    name: "products-by-tag",
    text: "SELECT id, name, price FROM products WHERE tags @> $1 ORDER BY price DESC LIMIT 20",
    calls: 8,
    values: (draws) => [[draws.pick(["bulk", "gift", "new"]), draws.pick(["kids", "office"])]],
  },
  {
    name: "products-by-attribute",
    text: "SELECT id, name, attributes FROM products WHERE attributes @> $1 LIMIT 50",
    calls: 8,
    values: (draws) => [
      JSON.stringify({ color: draws.pick(["oak", "red"]), energy_label: draws.pick(["A", "F"]) }),
    ],
  },
  {
    name: "low-stock",
    text: "SELECT id, sku, name, stock FROM products WHERE is_active AND stock < $1 ORDER BY stock",
    calls: 5,
    values: () => [3],
  },
  {
    name: "take-from-stock",
    text: "UPDATE products SET stock = stock - $2 WHERE id = $1 AND stock >= $2",
    calls: 40,
    writes: true,
    values: (draws, size) => [draws.popular(size.products, 2.2), draws.uniform(3)],
  },
];

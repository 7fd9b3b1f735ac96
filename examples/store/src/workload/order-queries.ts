import type { StoreQuery } from "./store-query.ts";

/** Customers and their orders, and what sells. */
export const ORDER_QUERIES: readonly StoreQuery[] = [
  {
    name: "order-with-items",
    text: `SELECT o.id, o.status, o.total, i.quantity, i.unit_price, p.name
           FROM orders o JOIN order_items i ON i.order_id = o.id JOIN products p ON p.id = i.product_id
           WHERE o.id = $1`,
    calls: 120,
    values: (draws, size) => [draws.uniform(size.orders)],
  },
  {
    name: "order-history",
    text: `SELECT id, public_id, status, total, placed_at FROM orders
           WHERE user_id = $1 ORDER BY placed_at DESC LIMIT 20`,
    calls: 80,
    values: (draws, size) => [draws.popular(size.users, 2)],
  },
  {
    name: "spent-by-user",
    text: "SELECT count(*), sum(total) FROM orders WHERE user_id = $1 AND status <> 'cancelled'",
    calls: 40,
    values: (draws, size) => [draws.popular(size.users, 2)],
  },
  {
    name: "orders-to-ship",
    text: `SELECT id, tenant_id, placed_at, shipping_address FROM orders
           WHERE status = 'paid' AND shipped_at IS NULL ORDER BY placed_at LIMIT 100`,
    calls: 4,
    values: () => [],
  },
  {
    name: "orders-with-coupon",
    text: "SELECT id, user_id, total, placed_at FROM orders WHERE coupon_code = $1",
    calls: 4,
    values: (draws) => [`SAVE${draws.uniform(400)}`],
  },
  {
    name: "sold-of-product",
    text: "SELECT sum(quantity) AS sold, sum(quantity * unit_price) AS revenue FROM order_items WHERE product_id = $1",
    calls: 5,
    values: (draws, size) => [draws.popular(size.products, 2.2)],
  },
  {
    name: "bought-together",
    text: `SELECT other.product_id, count(*) AS times
           FROM order_items mine JOIN order_items other ON other.order_id = mine.order_id
           WHERE mine.product_id = $1 AND other.product_id <> $1
           GROUP BY other.product_id ORDER BY times DESC LIMIT 6`,
    calls: 3,
    values: (draws, size) => [draws.popular(size.products, 2.2)],
  },
  {
    name: "set-order-status",
    text: "UPDATE orders SET status = $2 WHERE id = $1",
    calls: 40,
    writes: true,
    values: (draws, size) => [draws.uniform(size.orders), "delivered"],
  },
];

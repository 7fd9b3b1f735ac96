import type { Draws } from "./draws.ts";
import type { StoreQuery } from "./store-query.ts";

/** Large tenants have more visitors than small ones. */
const tenant = (draws: Draws): number => 1 + Math.floor(120 * draws.next() ** 2);

/** The dashboards and lists of the shops that sell here. */
export const TENANT_QUERIES: readonly StoreQuery[] = [
  {
    name: "tenant-revenue-by-day",
    text: `SELECT date_trunc('day', placed_at) AS day, count(*), sum(total) FROM orders
           WHERE tenant_id = $1 AND placed_at >= $2 AND placed_at < $3 GROUP BY 1 ORDER BY 1`,
    calls: 15,
    values(draws) {
      const from = 7 + draws.uniform(300);
      return [tenant(draws), draws.daysAgo(from), draws.daysAgo(from - 7)];
    },
  },
  {
    name: "tenant-open-orders",
    text: `SELECT id, user_id, total, placed_at FROM orders
           WHERE tenant_id = $1 AND status = 'pending' ORDER BY placed_at LIMIT 50`,
    calls: 5,
    values: (draws) => [tenant(draws)],
  },
  {
    name: "tenant-orders-page",
    text: `SELECT id, status, total, placed_at FROM orders
           WHERE tenant_id = $1 ORDER BY placed_at DESC, id DESC LIMIT 50 OFFSET $2`,
    calls: 5,
    values: (draws) => [tenant(draws), 50 * draws.uniform(40)],
  },
  {
    name: "tenant-best-sellers",
    text: `SELECT i.product_id, p.name, sum(i.quantity) AS sold
           FROM orders o JOIN order_items i ON i.order_id = o.id JOIN products p ON p.id = i.product_id
           WHERE o.tenant_id = $1 AND o.placed_at >= $2
           GROUP BY i.product_id, p.name ORDER BY sold DESC LIMIT 10`,
    calls: 6,
    values: (draws) => [tenant(draws), draws.daysAgo(14)],
  },
  {
    name: "tenant-funnel",
    text: `SELECT type, count(*) FROM events
           WHERE tenant_id = $1 AND occurred_at >= $2 AND occurred_at < $3 GROUP BY type`,
    calls: 4,
    values(draws) {
      const from = 1 + draws.uniform(200);
      return [tenant(draws), draws.daysAgo(from), draws.daysAgo(from - 1)];
    },
  },
];

import type { PlannableStatement } from "../../../src/planner/planner.ts";

function literal(text: string): PlannableStatement {
  return { text, parameters: [] };
}

function custom(text: string, ...parameters: (string | null)[]): PlannableStatement {
  return { text, parameters };
}

function generic(text: string): PlannableStatement {
  return { text, parameters: "generic" };
}

/** What every draw takes at least once: a kind of plan, and statements that lead to it under some set of indexes. */
export const FIDELITY_QUERIES: readonly PlannableStatement[] = [
  // Points and ranges
  custom("SELECT * FROM orders WHERE id = $1", "77"),
  generic("SELECT * FROM orders WHERE customer_id = $1"),
  custom("SELECT * FROM orders WHERE customer_id = $1", "3"),
  generic("SELECT * FROM orders WHERE created_at BETWEEN $1 AND $2"),
  custom(
    "SELECT * FROM orders WHERE created_at >= $1 AND created_at < $2",
    "2025-03-01",
    "2025-03-04",
  ),
  custom("SELECT * FROM orders WHERE customer_id = ANY ($1)", "{5,9,700,8000}"),
  literal("SELECT * FROM orders WHERE shipped_at IS NULL AND tenant_id = 180"),
  literal("SELECT id FROM orders WHERE shipped_at > '2025-06-01' AND shipped_at < '2025-06-05'"),
  // LIKE under a language's collation, and under C
  literal("SELECT * FROM customers WHERE email LIKE 'person12%'"),
  custom("SELECT * FROM customers WHERE email LIKE $1", "person123%"),
  literal("SELECT * FROM customers WHERE code LIKE 'C00012%'"),
  literal("SELECT * FROM customers WHERE email ILIKE '%son77@ex%'"),
  literal("SELECT * FROM customers WHERE lower(email) = 'person5@example.com'"),
  literal("SELECT * FROM customers WHERE email > 'person9' ORDER BY email LIMIT 20"),
  // Index-only scans
  literal("SELECT count(*) FROM orders"),
  literal(
    "SELECT created_at FROM orders WHERE created_at > '2025-02-01' AND created_at < '2025-04-01'",
  ),
  custom("SELECT customer_id, created_at, total FROM orders WHERE customer_id = $1", "12"),
  literal(
    "SELECT product_id, sum(quantity) FROM items WHERE product_id BETWEEN 500 AND 530 GROUP BY 1",
  ),
  literal("SELECT max(created_at) FROM orders WHERE tenant_id = 7"),
  // ORDER BY with LIMIT
  custom("SELECT * FROM orders WHERE tenant_id = $1 ORDER BY created_at DESC LIMIT 10", "4"),
  custom("SELECT * FROM orders WHERE tenant_id = $1 ORDER BY created_at DESC LIMIT 10", "190"),
  generic("SELECT * FROM orders WHERE tenant_id = $1 ORDER BY created_at DESC LIMIT $2"),
  literal("SELECT * FROM orders WHERE state = 'open' ORDER BY created_at LIMIT 25"),
  literal("SELECT * FROM orders ORDER BY created_at DESC, id LIMIT 20"),
  literal("SELECT * FROM orders ORDER BY total DESC LIMIT 20 OFFSET 100"),
  literal("SELECT * FROM customers WHERE country = 'IS' ORDER BY created_at LIMIT 5"),
  // Partial indexes
  literal("SELECT * FROM orders WHERE state = 'open' AND created_at > '2025-11-01'"),
  custom("SELECT * FROM orders WHERE state = 'returned' AND created_at > $1", "2025-10-01"),
  // Joins: inner index, memoize, hash, merge
  literal("SELECT o.* FROM customers c JOIN orders o ON o.customer_id = c.id WHERE c.id < 30"),
  literal(
    "SELECT o.id, c.email FROM orders o JOIN customers c ON c.id = o.customer_id WHERE o.tenant_id = 150",
  ),
  literal("SELECT * FROM orders o JOIN items i ON i.order_id = o.id WHERE o.customer_id = 17"),
  literal(
    "SELECT c.country, count(*) FROM orders o JOIN customers c ON c.id = o.customer_id GROUP BY 1",
  ),
  literal("SELECT * FROM orders o JOIN items i ON i.order_id = o.id ORDER BY o.id LIMIT 50"),
  literal(
    "SELECT * FROM orders o WHERE EXISTS (SELECT FROM items i WHERE i.order_id = o.id AND i.product_id = 7)",
  ),
  literal(
    "SELECT c.id, x.total FROM customers c CROSS JOIN LATERAL (SELECT total FROM orders o WHERE o.customer_id = c.id ORDER BY created_at DESC LIMIT 1) x WHERE c.country = 'IS'",
  ),
  literal(
    "SELECT c.* FROM customers c LEFT JOIN orders o ON o.customer_id = c.id WHERE o.id IS NULL",
  ),
  literal("SELECT * FROM open_orders WHERE country = 'FR' AND created_at > '2025-09-01'"),
  literal(
    "SELECT o.id, x.n FROM orders o CROSS JOIN LATERAL (SELECT count(*) AS n FROM items i WHERE i.order_id = o.tenant_id) x",
  ),
  // Aggregates, sorts, parallel plans
  literal("SELECT tenant_id, count(*), sum(total) FROM orders GROUP BY tenant_id"),
  literal("SELECT tenant_id, customer_id, count(*) FROM orders GROUP BY 1, 2"),
  literal("SELECT avg(total) FROM orders WHERE total > 100"),
  literal("SELECT count(*) FROM items WHERE quantity = 3"),
  literal("SELECT DISTINCT customer_id FROM orders WHERE created_at > '2025-01-01'"),
  literal(
    "SELECT id, row_number() OVER (PARTITION BY tenant_id ORDER BY created_at) FROM orders WHERE tenant_id < 3",
  ),
  // Other access methods
  literal(`SELECT * FROM documents WHERE body @> '{"kind": "k3"}'`),
  literal("SELECT * FROM documents WHERE tags @> ARRAY['t9']"),
  literal("SELECT * FROM documents WHERE tags && ARRAY['t9', 'u2']"),
  // Partitions
  literal("SELECT * FROM events WHERE at > '2025-05-01' AND at < '2025-05-03'"),
  literal("SELECT count(*) FROM events WHERE customer_id = 55"),
  generic("SELECT * FROM events WHERE customer_id = $1 AND at > $2 ORDER BY at DESC LIMIT 10"),
  literal("SELECT kind, count(*) FROM events WHERE kind = 'kind11' GROUP BY kind"),
  // Writes
  custom("UPDATE orders SET note = 'x' WHERE customer_id = $1", "9"),
  custom("DELETE FROM items WHERE order_id = $1", "9"),
  custom("UPDATE customers SET balance = 0 WHERE lower(email) = $1", "person5@example.com"),
];

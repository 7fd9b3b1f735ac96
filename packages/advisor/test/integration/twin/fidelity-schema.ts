import type { Client } from "pg";
import { isFullScale } from "./test-scale.ts";

const CUSTOMERS = isFullScale ? 40_000 : 10_000;
const ORDERS = isFullScale ? 300_000 : 60_000;

/** Settings that are not the default, so that copying them is part of the proof. */
export const FIDELITY_SETTINGS = [
  "random_page_cost = 1.6",
  "work_mem = '2MB'",
  "min_parallel_table_scan_size = '2MB'",
];

/**
 * A shop with what makes plans differ: skew, correlation, NULLs, dead space, partitions, documents, and text that
 * compares by language.
 */
export async function createFidelitySchema(client: Client): Promise<void> {
  await client.query(`
    SELECT setseed(0.42);
    CREATE EXTENSION pg_trgm;
    CREATE TYPE order_state AS ENUM ('cart', 'open', 'paid', 'shipped', 'returned');
    CREATE TABLE customers (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      email text NOT NULL,
      code text COLLATE "C" NOT NULL,
      country text,
      created_at timestamptz NOT NULL,
      balance numeric(12, 2)
    );
    CREATE TABLE orders (
      id bigint PRIMARY KEY,
      tenant_id int NOT NULL,
      customer_id bigint NOT NULL,
      state order_state NOT NULL,
      total numeric(12, 2) NOT NULL,
      created_at timestamptz NOT NULL,
      shipped_at timestamptz,
      dropped int,
      note text
    );
    ALTER TABLE orders DROP COLUMN dropped;
    CREATE TABLE items (
      order_id bigint NOT NULL,
      line int NOT NULL,
      product_id int NOT NULL,
      quantity int NOT NULL,
      PRIMARY KEY (order_id, line)
    );
    CREATE TABLE documents (id int PRIMARY KEY, body jsonb NOT NULL, tags text[] NOT NULL, words tsvector NOT NULL);
    CREATE TABLE events (id bigint NOT NULL, kind text NOT NULL, at timestamptz NOT NULL, customer_id bigint)
      PARTITION BY RANGE (at);
    CREATE TABLE events_2024 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
    CREATE TABLE events_2025 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
    CREATE TABLE events_other PARTITION OF events DEFAULT;
  `);
  await client.query(`
    INSERT INTO customers (email, code, country, created_at, balance)
      SELECT 'person' || (i * 7919 % ${CUSTOMERS}) || '@example.com', 'C' || lpad(i::text, 7, '0'),
             CASE WHEN random() < 0.9 THEN (ARRAY['DE', 'US', 'FR', 'GB', 'IT', 'IS'])[1 + floor(power(random(), 2) * 6)::int] END,
             timestamptz '2023-01-01' + random() * interval '1000 days', round((random() * 1000)::numeric, 2)
        FROM generate_series(1, ${CUSTOMERS}) i;
    INSERT INTO orders (id, tenant_id, customer_id, state, total, created_at, shipped_at, note)
      SELECT i, 1 + floor(power(random(), 3) * 200)::int, 1 + floor(power(random(), 2) * ${CUSTOMERS})::int,
             (ARRAY['shipped', 'paid', 'open', 'returned', 'cart'])[1 + floor(power(random(), 4) * 5)::int]::order_state,
             round((random() * random() * 900)::numeric, 2),
             timestamptz '2024-01-01' + i * interval '700 days' / ${ORDERS} + random() * interval '1 day',
             CASE WHEN random() < 0.6 THEN timestamptz '2024-01-01' + i * interval '700 days' / ${ORDERS} + interval '3 days' END,
             CASE WHEN random() < 0.1 THEN 'note ' || i END
        FROM generate_series(1, ${ORDERS}) i;
    INSERT INTO items
      SELECT o, l, 1 + floor(power(random(), 2) * 3000)::int, 1 + floor(random() * 5)::int
        FROM generate_series(1, ${ORDERS}) o, generate_series(1, 1 + o % 3) l;
    INSERT INTO documents
      SELECT i, jsonb_build_object('kind', 'k' || i % 20, 'size', i % 1000),
             ARRAY['t' || i % 50, 'u' || i % 7], to_tsvector('simple', 'word' || i % 300 || ' common text')
        FROM generate_series(1, ${CUSTOMERS}) i;
    INSERT INTO events
      SELECT i, 'kind' || floor(power(random(), 2) * 12), timestamptz '2024-01-01' + i * interval '900 days' / ${ORDERS},
             1 + floor(random() * ${CUSTOMERS})::int
        FROM generate_series(1, ${ORDERS}) i;
    ALTER TABLE orders ADD FOREIGN KEY (customer_id) REFERENCES customers (id);
    ALTER TABLE items ADD FOREIGN KEY (order_id) REFERENCES orders (id);
    CREATE INDEX events_at ON events (at);
    CREATE INDEX orders_created_at ON orders (created_at);
    CREATE INDEX customers_code ON customers (code);
    CREATE INDEX documents_tags ON documents USING gin (tags);
    CREATE STATISTICS orders_shape (ndistinct, dependencies) ON tenant_id, customer_id FROM orders;
    DELETE FROM orders WHERE id % 37 = 0 AND NOT EXISTS (SELECT FROM items WHERE order_id = orders.id);
    CREATE VIEW open_orders AS SELECT o.*, c.country FROM orders o JOIN customers c ON c.id = o.customer_id WHERE o.state = 'open';
  `);
  await client.query("VACUUM (ANALYZE)");
  // A part of the pages is not all-visible any more: index-only scans must pay for it.
  await client.query("UPDATE orders SET note = note WHERE id % 997 = 0");
  await client.query("ANALYZE orders");
}

/**
 * A small schema with what makes snapshots fail: names that need quotes, equal names in several schemas, every kind of
 * relation, index and type. Runs on PostgreSQL 14.
 */
export const ODD_SCHEMA = `
CREATE SCHEMA "We""ird.Schéma";
CREATE SCHEMA other;
CREATE EXTENSION citext;
CREATE EXTENSION pg_trgm SCHEMA other;
CREATE TYPE mood AS ENUM ('sad', 'ok', 'it''s "fine"');
CREATE DOMAIN positive AS int DEFAULT 5 NOT NULL CONSTRAINT above_zero CHECK (value > 0);
CREATE TYPE pair AS (a int, b text COLLATE "C");
CREATE TYPE floatrange AS RANGE (subtype = float8, subtype_diff = float8mi);
CREATE COLLATION ignore_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE FUNCTION initials(t text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT left(t, 2) $$;
CREATE FUNCTION noop() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE TABLE users (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  email text UNIQUE,
  name varchar(20) COLLATE "C",
  mood mood,
  nick citext,
  folded text COLLATE ignore_case,
  tags text[],
  doc jsonb,
  valid floatrange,
  stake positive,
  both_of pair,
  email_lower text GENERATED ALWAYS AS (lower(email)) STORED,
  created_at timestamptz DEFAULT now()
) WITH (fillfactor = 90);
ALTER TABLE users ALTER COLUMN email SET STATISTICS 50;
ALTER TABLE users ALTER COLUMN name SET (n_distinct = -0.5);
INSERT INTO users (email, name, mood, nick, folded, tags, doc, valid, stake, both_of)
SELECT 'u' || i || '@example.com', 'n' || i % 10, 'ok', 'N' || i, 'f' || i, ARRAY['t' || i % 5, 'all'],
  jsonb_build_object('k', i % 7), floatrange(i, i + 1.5), 1 + i % 3, ROW(i, 'x')::pair
FROM generate_series(1, 1000) AS i;
CREATE TABLE orders (
  id int PRIMARY KEY,
  user_id bigint REFERENCES users (id),
  status text CONSTRAINT known_status CHECK (status IN ('new', 'done')),
  total numeric(10, 2),
  placed_on date
);
INSERT INTO orders
SELECT i, i % 1000 + 1, CASE WHEN i % 10 = 0 THEN 'new' ELSE 'done' END, i * 1.5, date '2024-01-01' + i % 300
FROM generate_series(1, 5000) AS i;
CREATE INDEX orders_open ON orders (user_id, placed_on DESC NULLS LAST) INCLUDE (total) WHERE status = 'new';
CREATE INDEX users_email_lower ON users (lower(email) text_pattern_ops);
CREATE INDEX users_tags ON users USING gin (tags);
CREATE INDEX users_doc ON users USING gin (doc jsonb_path_ops);
CREATE INDEX users_nick_trgm ON users USING gin ((nick::text) other.gin_trgm_ops);
CREATE INDEX users_initials ON users (initials(name) COLLATE "C");
CREATE UNIQUE INDEX users_name_id ON users (name, id);
CREATE STATISTICS orders_pair (ndistinct, dependencies) ON user_id, status FROM orders;
CREATE TABLE "We""ird.Schéma"."T.a""ble" ("C ol" int PRIMARY KEY, "select" text, "Ünïcode" int);
INSERT INTO "We""ird.Schéma"."T.a""ble" SELECT i, 'v' || i, i FROM generate_series(1, 100) AS i;
CREATE INDEX "In""dex" ON "We""ird.Schéma"."T.a""ble" ("select", "Ünïcode");
CREATE TABLE other.users (id int, note text);
CREATE TABLE never_analyzed (id int) WITH (autovacuum_enabled = false);
INSERT INTO never_analyzed SELECT generate_series(1, 1000);
CREATE TABLE events (id bigint, at timestamptz NOT NULL, kind text) PARTITION BY RANGE (at);
CREATE TABLE events_2024 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE events_rest PARTITION OF events DEFAULT;
INSERT INTO events SELECT i, timestamptz '2024-01-01' + i * interval '1 day', 'k' FROM generate_series(0, 399) AS i;
CREATE INDEX events_at ON events (at);
CREATE TABLE parent (a int);
CREATE TABLE child (b int) INHERITS (parent);
INSERT INTO child SELECT i, i FROM generate_series(1, 50) AS i;
CREATE VIEW active_users AS SELECT id, email FROM users WHERE email LIKE 'u1%';
CREATE VIEW guarded WITH (security_barrier) AS SELECT * FROM orders;
CREATE MATERIALIZED VIEW totals AS SELECT status, sum(total) AS total FROM orders GROUP BY status;
ANALYZE users, orders, "We""ird.Schéma"."T.a""ble", other.users, events, parent, child, totals;
`;

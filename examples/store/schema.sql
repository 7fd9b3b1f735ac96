-- The database of a shop, in the order of a dump: tables, then keys and indexes, then foreign keys.
-- It is meant to look like what a team has after three years: most of it is right, some of it was never looked at again.

CREATE TYPE user_status AS ENUM ('active', 'invited', 'suspended', 'deleted');

CREATE TABLE users (
  id               bigint      NOT NULL,
  email            text        NOT NULL,
  name             text        NOT NULL,
  country          text        NOT NULL,
  status           user_status NOT NULL,
  preferences      jsonb       NOT NULL,
  marketing_opt_in boolean     NOT NULL,
  created_at       timestamptz NOT NULL,
  last_seen_at     timestamptz
);

CREATE TABLE categories (
  id        integer NOT NULL,
  parent_id integer,
  slug      text    NOT NULL,
  name      text    NOT NULL
);

CREATE TABLE products (
  id          bigint         NOT NULL,
  category_id integer        NOT NULL,
  sku         text           NOT NULL,
  name        text           NOT NULL,
  description text           NOT NULL,
  price       numeric(10, 2) NOT NULL CHECK (price >= 0),
  stock       integer        NOT NULL,
  is_active   boolean        NOT NULL,
  tags        text[]         NOT NULL,
  attributes  jsonb          NOT NULL,
  created_at  timestamptz    NOT NULL
);

CREATE TABLE orders (
  id               bigint         NOT NULL,
  public_id        uuid           NOT NULL,
  tenant_id        integer        NOT NULL,
  user_id          bigint         NOT NULL,
  status           text           NOT NULL
    CHECK (status IN ('pending', 'paid', 'shipped', 'delivered', 'cancelled', 'refunded')),
  total            numeric(12, 2) NOT NULL,
  currency         text           NOT NULL,
  coupon_code      text,
  shipping_address jsonb          NOT NULL,
  placed_at        timestamptz    NOT NULL,
  shipped_at       timestamptz
);

CREATE TABLE order_items (
  id         bigint         NOT NULL,
  order_id   bigint         NOT NULL,
  product_id bigint         NOT NULL,
  quantity   integer        NOT NULL CHECK (quantity > 0),
  unit_price numeric(10, 2) NOT NULL
);

CREATE TABLE posts (
  id           bigint      NOT NULL,
  author_id    bigint      NOT NULL,
  title        text        NOT NULL,
  body         text        NOT NULL,
  status       text        NOT NULL CHECK (status IN ('draft', 'published', 'archived')),
  tags         text[]      NOT NULL,
  view_count   integer     NOT NULL,
  created_at   timestamptz NOT NULL,
  published_at timestamptz
);

CREATE TABLE comments (
  id         bigint      NOT NULL,
  post_id    bigint      NOT NULL,
  author_id  bigint      NOT NULL,
  body       text        NOT NULL,
  is_flagged boolean     NOT NULL,
  created_at timestamptz NOT NULL
);

CREATE TABLE events (
  id          bigint      NOT NULL,
  tenant_id   integer     NOT NULL,
  user_id     bigint,
  type        text        NOT NULL,
  payload     jsonb       NOT NULL,
  occurred_at timestamptz NOT NULL
);

ALTER TABLE users       ADD PRIMARY KEY (id);
ALTER TABLE categories  ADD PRIMARY KEY (id);
ALTER TABLE products    ADD PRIMARY KEY (id);
ALTER TABLE orders      ADD PRIMARY KEY (id);
ALTER TABLE order_items ADD PRIMARY KEY (id);
ALTER TABLE posts       ADD PRIMARY KEY (id);
ALTER TABLE comments    ADD PRIMARY KEY (id);
ALTER TABLE events      ADD PRIMARY KEY (id);

ALTER TABLE users      ADD CONSTRAINT users_email_key UNIQUE (email);
ALTER TABLE categories ADD CONSTRAINT categories_slug_key UNIQUE (slug);
ALTER TABLE products   ADD CONSTRAINT products_sku_key UNIQUE (sku);
ALTER TABLE orders     ADD CONSTRAINT orders_public_id_key UNIQUE (public_id);

CREATE INDEX products_category_id_idx ON products (category_id);
CREATE INDEX orders_user_id_idx ON orders (user_id);
CREATE INDEX order_items_order_id_idx ON order_items (order_id);
CREATE INDEX comments_author_id_idx ON comments (author_id);
-- A migration that was merged twice under two names.
CREATE INDEX idx_orders_user ON orders (user_id);
-- Meant for the tenants' dashboards, which ask for one tenant and a range of time: the columns are the wrong way round.
CREATE INDEX orders_placed_at_tenant_id_idx ON orders (placed_at, tenant_id);
-- Made for a report that is gone.
CREATE INDEX users_country_status_idx ON users (country, status);

ALTER TABLE order_items ADD FOREIGN KEY (product_id) REFERENCES products (id);
ALTER TABLE events      ADD FOREIGN KEY (user_id) REFERENCES users (id);
ALTER TABLE order_items ADD FOREIGN KEY (order_id) REFERENCES orders (id);
ALTER TABLE comments    ADD FOREIGN KEY (post_id) REFERENCES posts (id);
ALTER TABLE orders      ADD FOREIGN KEY (user_id) REFERENCES users (id);
ALTER TABLE comments    ADD FOREIGN KEY (author_id) REFERENCES users (id);
ALTER TABLE posts       ADD FOREIGN KEY (author_id) REFERENCES users (id);
ALTER TABLE products    ADD FOREIGN KEY (category_id) REFERENCES categories (id);
ALTER TABLE categories  ADD FOREIGN KEY (parent_id) REFERENCES categories (id);

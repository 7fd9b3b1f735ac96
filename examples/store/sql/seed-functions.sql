-- Draws that depend on nothing but their arguments, so that every load is the same. The loader drops the schema at the end.
CREATE SCHEMA store_seed;

-- A number in [0, 1) for row `i` and column `salt`: 53 bits of PostgreSQL's own hash, as many as a double holds.
CREATE FUNCTION store_seed.draw(i bigint, salt integer) RETURNS double precision
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  AS 'SELECT (hashint8extended(i, salt) & 9007199254740991)::double precision / 9007199254740992.0';

-- An identifier in 1..n; the larger `skew`, the fewer identifiers get most of the draws (1 is uniform).
-- The popular ones are spread over the table (7919 is a prime that divides no table size), as they are in life.
CREATE FUNCTION store_seed.pick_id(i bigint, salt integer, n bigint, skew double precision) RETURNS bigint
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  AS 'SELECT 1 + (floor(n * power(store_seed.draw(i, salt), skew))::bigint * 7919) % n';

CREATE FUNCTION store_seed.pick_word(words text[], i bigint, salt integer) RETURNS text
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  AS 'SELECT words[1 + floor(cardinality(words) * store_seed.draw(i, salt))::integer]';

-- Time of row `i` of `n` in the two years up to 2026-07-01; the shop grows, so later days have more rows.
CREATE FUNCTION store_seed.moment(i bigint, n bigint) RETURNS timestamptz
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  AS 'SELECT to_timestamp(1719792000 + floor(63072000 * sqrt(i::double precision / n)))';

-- Euros and a fixed number of cents, from an integer: the way to a numeric through double precision is three times slower.
CREATE FUNCTION store_seed.price_of(product_id bigint) RETURNS numeric
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  AS 'SELECT floor(5 + 400 * power(store_seed.draw(product_id, 1), 3))::integer::numeric - 0.05';

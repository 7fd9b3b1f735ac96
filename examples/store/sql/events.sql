-- A visit (session) has about eight events; the page is the one it began or ended on.
WITH payloads AS MATERIALIZED (
  SELECT n, ('{"session": "s' || n / 2 || '", "path": "'
    || pick_word('{/,/products,/products/offer,/cart,/checkout,/account}', n, 6) || '"}')::jsonb AS payload
  FROM generate_series(0, :events / 4) AS n
)
INSERT INTO events
SELECT i,
       1 + floor(120 * power(draw(i, 1), 3))::integer,
       CASE WHEN draw(i, 2) < 0.6 THEN pick_id(i, 3, :users, 2) END,
       pick_word('{page_view,page_view,page_view,page_view,product_view,product_view,search,add_to_cart,checkout,payment_failed}', i, 4),
       payload,
       moment(i, :events)
FROM (SELECT generate_series(1, :events) AS i) AS numbers
JOIN payloads ON n = floor(:events / 4 * draw(i, 5))::integer;

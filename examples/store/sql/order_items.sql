-- Most orders have one or two lines, few have many: 2.5 on average.
WITH prices AS MATERIALIZED (
  SELECT id AS product_id, price_of(id) AS price FROM generate_series(1, :products) AS id
)
INSERT INTO order_items
SELECT row_number() OVER (), order_id, product_id, 1 + floor(4 * power(draw(order_id, 20 + line), 4))::integer, price
FROM (
  SELECT order_id, line, pick_id(order_id, 40 + line, :products, 2.2) AS product_id
  FROM (
    SELECT order_id, generate_series(1, 1 + floor(6 * power(draw(order_id, 19), 2.2))::integer) AS line
    FROM generate_series(1, :orders) AS order_id
  ) AS lines
) AS drawn
JOIN prices USING (product_id);

-- Ten orders have 1, 2, 1, 3, 1, 2, 5, 1, 4 and 2 lines, and so on: 2.2 on average, most have one or two.
-- An arithmetic pattern instead of a draw: a million rows are numbered without a nested loop or a window.
WITH prices AS MATERIALIZED (
  SELECT id AS product_id, price_of(id) AS price FROM generate_series(1, :products) AS id
)
INSERT INTO order_items
SELECT i,
       order_id,
       product_id,
       CASE WHEN draw(i, 2) < 0.7 THEN 1 WHEN draw(i, 2) < 0.9 THEN 2 ELSE 3 + floor(4 * draw(i, 3))::integer END,
       price
FROM (
  SELECT i,
         10 * ((i - 1) / 22) + ('{1,2,2,3,4,4,4,5,6,6,7,7,7,7,7,8,9,9,9,9,10,10}'::integer[])[1 + (i - 1) % 22] AS order_id,
         pick_id(i, 1, :products, 2.2) AS product_id
  FROM (SELECT generate_series(1, :orders / 10 * 22) AS i) AS numbers
) AS drawn
JOIN prices USING (product_id);

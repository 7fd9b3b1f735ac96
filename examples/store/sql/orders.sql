-- Statuses follow age: what is old was delivered, what is open is recent.
WITH addresses AS MATERIALIZED (
  SELECT n, jsonb_build_object('city', pick_word('{Berlin,Hamburg,London,Paris,Utrecht,Warsaw,Madrid,Milan,Malmo,Vienna}', n, 9),
                               'zip', lpad(floor(99999 * draw(n, 10))::text, 5, '0')) AS address
  FROM generate_series(0, 2999) AS n
)
INSERT INTO orders
SELECT i,
       encode(int8send(hashint8extended(i, 1)) || int8send(hashint8extended(i, 2)), 'hex')::uuid,
       1 + floor(120 * power(draw(i, 3), 3))::integer,
       pick_id(i, 4, :users, 2),
       status,
       floor(5 + 400 * power(draw(i, 5), 3))::integer::numeric + 0.95,
       CASE WHEN draw(i, 6) < 0.5 THEN 'EUR' WHEN draw(i, 6) < 0.8 THEN 'USD' ELSE 'GBP' END,
       CASE WHEN draw(i, 7) < 0.05 THEN 'SAVE' || 1 + floor(400 * power(draw(i, 8), 2))::integer END,
       address,
       placed_at,
       CASE WHEN status IN ('shipped', 'delivered', 'refunded')
            THEN placed_at + make_interval(secs => floor(3600 + 250000 * draw(i, 11))) END
FROM (
  SELECT i, moment(i, :orders) AS placed_at,
         CASE WHEN draw(i, 12) < 0.04 THEN 'cancelled'
              WHEN i > :orders * 0.995 THEN CASE WHEN draw(i, 13) < 0.4 THEN 'pending' ELSE 'paid' END
              WHEN i > :orders * 0.985 THEN CASE WHEN draw(i, 13) < 0.25 THEN 'paid' ELSE 'shipped' END
              WHEN draw(i, 12) < 0.06 THEN 'refunded'
              WHEN draw(i, 12) < 0.062 THEN 'pending'
              ELSE 'delivered' END AS status
  FROM (SELECT generate_series(1, :orders) AS i) AS numbers
) AS drawn
JOIN addresses ON n = floor(3000 * draw(i, 9))::integer;

INSERT INTO posts
SELECT i,
       pick_id(i, 1, :users, 3),
       pick_word('{How to repair,Ten ideas for,Why we love,A short history of,Before you buy,The right place for}', i, 2) || ' '
         || pick_word('{lamps,chairs,desks,shelves,rugs,plants,mugs,books,games,tools}', i, 3) || ' (' || i || ')',
       pick_word('{We asked our customers and were surprised by the answers.,It takes an afternoon and no special tools.,There is more to it than we thought at first.}', i, 4)
         || ' ' || repeat(pick_word('{Measure twice and take your time. ,Look at the joints before anything else. ,Ask the neighbours what they use. }', i, 5), 3 + floor(9 * draw(i, 6))::integer),
       CASE WHEN draw(i, 7) < 0.08 THEN 'draft' WHEN draw(i, 7) < 0.95 THEN 'published' ELSE 'archived' END,
       ARRAY[pick_word('{howto,story,news,guide}', i, 8), pick_word('{home,garden,office,kids}', i, 9)],
       floor(50000 * power(draw(i, 10), 6))::integer,
       moment(i, :posts),
       CASE WHEN draw(i, 7) >= 0.08 THEN moment(i, :posts) + make_interval(hours => floor(72 * draw(i, 11))::integer) END
FROM (SELECT generate_series(1, :posts) AS i) AS numbers;

INSERT INTO products
SELECT i,
       pick_id(i, 2, :categories, 1.5),
       'SKU-' || lpad(i::text, 7, '0'),
       pick_word('{Nordic,Classic,Folding,Outdoor,Compact,Vintage,Modern,Handmade,Premium,Basic}', i, 3) || ' '
         || pick_word('{Oak,Steel,Linen,Glass,Bamboo,Wool,Leather,Ceramic,Cork,Copper}', i, 4) || ' '
         || pick_word('{Lamp,Chair,Desk,Shelf,Rug,Planter,Mug,Notebook,Puzzle,Hammer}', i, 5) || ' ' || i,
       pick_word('{Made to last and easy to repair.,A favourite of our customers since the first day.,Ships in recycled packaging within two days.,Limited colours; see the details below.}', i, 6)
         || ' Article ' || i || ' of our range.',
       price_of(i),
       CASE WHEN draw(i, 7) < 0.04 THEN floor(5 * draw(i, 8))::integer ELSE floor(500 * draw(i, 8))::integer END,
       draw(i, 9) < 0.85,
       ARRAY[pick_word('{new,sale,sale,gift,eco,eco,eco,bulk}', i, 10), pick_word('{indoor,garden,office,kitchen,kids}', i, 11)],
       jsonb_build_object('color', pick_word('{red,blue,green,black,black,white,white,oak}', i, 12),
                          'weight_grams', floor(5000 * draw(i, 13))::integer,
                          'energy_label', pick_word('{A,B,C,D,E,F}', i, 14)),
       moment(i, :products)
FROM generate_series(1, :products) AS i;

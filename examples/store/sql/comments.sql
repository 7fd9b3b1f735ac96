INSERT INTO comments
SELECT i,
       pick_id(i, 1, :posts, 3),
       pick_id(i, 2, :users, 2),
       pick_word('{Thank you for this!,Does it also work outdoors?,I have had mine for ten years.,The link is broken.,Which size did you take?}', i, 3)
         || ' ' || pick_word('{Greetings from the coast.,I will report back.,Highly recommended.,Not for me.}', i, 4),
       draw(i, 5) < 0.006,
       moment(i, :comments)
FROM (SELECT generate_series(1, :comments) AS i) AS numbers;

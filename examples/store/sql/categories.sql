INSERT INTO categories
SELECT i, CASE WHEN i > 20 THEN 1 + (i % 20) END, 'category-' || i,
       pick_word('{Lamps,Chairs,Desks,Shelves,Rugs,Plants,Mugs,Books,Games,Tools}', i, 1) || ' ' || i
FROM generate_series(1, :categories) AS i;

INSERT INTO users
SELECT i,
       CASE WHEN draw(i, 1) < 0.1 THEN 'Customer.' ELSE 'customer.' END || i || '@'
         || pick_word('{example.com,example.org,mail.example.net,shop.example.edu}', i, 2),
       pick_word('{Ada,Ben,Chloe,Dilan,Emma,Farid,Grace,Hana,Ivan,Jana,Kofi,Lena,Mei,Noor,Omar,Pia}', i, 3) || ' '
         || pick_word('{Abel,Berg,Costa,Diaz,Evans,Fischer,Garcia,Haddad,Ito,Jansen,Kaya,Lopez,Meyer,Novak}', i, 4),
       (ARRAY['DE','DE','DE','DE','US','US','US','GB','GB','FR','FR','NL','PL','ES','IT','SE','AT','CH','DK','IS'])
         [1 + floor(20 * power(draw(i, 5), 1.6))::integer],
       (CASE WHEN draw(i, 6) < 0.93 THEN 'active' WHEN draw(i, 6) < 0.97 THEN 'invited'
             WHEN draw(i, 6) < 0.99 THEN 'suspended' ELSE 'deleted' END)::user_status,
       jsonb_build_object('theme', pick_word('{light,light,dark}', i, 7), 'newsletter', draw(i, 8) < 0.3),
       draw(i, 8) < 0.3,
       moment(i, :users),
       CASE WHEN draw(i, 9) < 0.9
            THEN timestamptz '2026-07-01 00:00:00+00' - make_interval(secs => floor(40000000 * power(draw(i, 10), 4)))
       END
FROM (SELECT generate_series(1, :users) AS i) AS numbers;

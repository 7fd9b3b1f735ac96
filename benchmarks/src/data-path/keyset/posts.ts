import type { Client } from "pg";

/**
 * Posts with two orders: by `created_at`, which is never NULL, and by `score`, of which every tenth is. Times are whole seconds, since kysely-cursor carries them as a JavaScript
 * `Date` and would lose rows between finer ones.
 *
 * Each contestant has an index in exactly the order that it asks for.
 */
export async function loadPosts(client: Client, rowCount: number): Promise<void> {
  await client.query(`
    CREATE TABLE posts (
      id bigint PRIMARY KEY,
      created_at timestamptz(0) NOT NULL,
      score int,
      title text NOT NULL,
      author_id int NOT NULL
    )`);
  await client.query(
    `INSERT INTO posts
     SELECT g, '2020-01-01'::timestamptz + (g * 7919 % $1) * interval '1 s', CASE WHEN g % 10 > 0 THEN (g * 104729 % 1000)::int END,
       'a title of some length, number ' || g, (g % 1000)::int
     FROM generate_series(1::bigint, $1::bigint) g`,
    [rowCount],
  );
  await client.query("CREATE INDEX posts_created_at ON posts (created_at, id)");
  await client.query("CREATE INDEX posts_score ON posts (score DESC NULLS LAST, id)");
  // What kysely-cursor 0.1.0 asks for: NULLS LAST also on columns without NULLs.
  await client.query(
    "CREATE INDEX posts_for_kysely ON posts (created_at DESC NULLS LAST, id DESC NULLS LAST)",
  );
  await client.query("VACUUM (ANALYZE) posts");
}

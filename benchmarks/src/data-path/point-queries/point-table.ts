import type { Client } from "pg";

export const POINT_QUERY = "SELECT id, title, score, created_at, body FROM articles WHERE id = $1";
export const ANY_QUERY =
  "SELECT id, title, score, created_at, body FROM articles WHERE id = ANY($1)";

/** About 210 bytes a row, in a table much larger than what a batch reads of it. */
export async function createPointTable(client: Client, rowCount: number): Promise<void> {
  await client.query(`
    CREATE TABLE articles (id int PRIMARY KEY, title text, score int, created_at timestamptz, body text);
    INSERT INTO articles
      SELECT g, 'title ' || g, (g::int8 * 7919 % 10007)::int, '2026-01-01Z'::timestamptz + g * interval '1 second', repeat(md5(g::text), 4)
      FROM generate_series(1, ${rowCount}) g;
  `);
  await client.query("VACUUM ANALYZE articles");
}

/** The same distinct keys for every contestant of a round. */
export function roundKeys(round: number, rowCount: number, count: number): readonly number[] {
  const keys = new Set<number>();
  // A multiplicative generator (Lehmer, modulus 2^31 - 1, multiplier 48271) is even enough here.
  let state = (round + 1) * 7_919;
  while (keys.size < count) {
    state = (state * 48_271) % 2_147_483_647;
    keys.add(1 + (state % rowCount));
  }
  return [...keys];
}

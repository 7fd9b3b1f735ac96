import type { Pool } from "pg";

export const EXPORTED_COLUMNS = ["id", "user_id", "email", "amount", "created_at", "note"] as const;

/** A table as exports are made of: a bigint, an integer, short text, money, a time, a text with quotes and commas. About 170 bytes of JSON per row. */
export async function createExportedTable(pool: Pool, rowCount: number): Promise<void> {
  await pool.query(`
    CREATE TABLE exported AS SELECT
      n::bigint AS id,
      ((n::bigint * 7919) % 50000)::int AS user_id,
      'customer' || n || '@example.com' AS email,
      ((n % 100000) / 100.0)::numeric(12, 2) AS amount,
      timestamptz '2024-01-01' + n * interval '37.123457 seconds' AS created_at,
      'A "quoted" note, with some text, number ' || n AS note
    FROM generate_series(1, ${rowCount}) AS n`);
  await pool.query("VACUUM ANALYZE exported");
}

export const EXPORT_SQL: string = `SELECT ${EXPORTED_COLUMNS.join(", ")} FROM exported`;

import type { Pool } from "pg";
import type { Item } from "./items.ts";

const ROWS_PER_STATEMENT = 1_000;
const COLUMNS = ["account", "name", "at", "amount", "active"] as const;

/** What a careful program writes by hand: parameters, a thousand rows per statement, prepared once. */
export async function insertValues(
  pool: Pool,
  table: string,
  rows: readonly Item[],
): Promise<{ readonly rowCount: number }> {
  const client = await pool.connect();
  let rowCount = 0;
  try {
    await client.query("BEGIN");
    for (let from = 0; from < rows.length; from += ROWS_PER_STATEMENT) {
      const part = rows.slice(from, from + ROWS_PER_STATEMENT);
      const result = await client.query({
        name: `${table}_${part.length}`,
        text: `INSERT INTO ${table} (${COLUMNS.join(", ")}) VALUES ${tuples(part.length)}`,
        values: part.flatMap((row) => COLUMNS.map((column) => row[column])),
      });
      rowCount += result.rowCount ?? 0;
    }
    await client.query("COMMIT");
  } finally {
    client.release();
  }
  return { rowCount };
}

function tuples(count: number): string {
  return Array.from({ length: count }, (_, row) => {
    const places = COLUMNS.map((__, column) => `$${row * COLUMNS.length + column + 1}`);
    return `(${places.join(",")})`;
  }).join(",");
}

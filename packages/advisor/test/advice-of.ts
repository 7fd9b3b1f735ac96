import type { Advice } from "../src/advice.ts";
import { describeKeys } from "../src/ddl/index-ddl.ts";
import type { DatabaseSnapshot } from "../src/snapshot/database-snapshot.ts";
import { loadSqlParser } from "../src/workload/sql-parser.ts";

/** `orders (user_id, created_at)` of each advised index. */
export function advisedKeys(advice: Advice): readonly string[] {
  return advice.indexes.map(({ definition }) => `${definition.table} ${describeKeys(definition)}`);
}

/** The snapshot with other queries. */
export async function withQueries(
  snapshot: DatabaseSnapshot,
  texts: readonly (string | { readonly text: string; readonly calls: number })[],
): Promise<DatabaseSnapshot> {
  const parser = await loadSqlParser();
  const queries = texts.map((item, position) => {
    const { text, calls } = typeof item === "string" ? { text: item, calls: 1 } : item;
    const id = parser.fingerprint(text) ?? `unreadable-${position}`;
    return { id, text, calls, totalMs: null, meanMs: null, rows: null };
  });
  return { ...snapshot, workload: { source: "file", note: null, queries } };
}

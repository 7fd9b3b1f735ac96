import type { WorkloadQuery } from "./database-snapshot.ts";

/**
 * One query per id. Of several texts with one fingerprint (other constants, longer IN lists) the one that weighs most stays:
 * by time where it is known, else by calls, else the first.
 */
export function mergeQueries(queries: readonly WorkloadQuery[]): readonly WorkloadQuery[] {
  const merged = new Map<string, { query: WorkloadQuery; heaviest: WorkloadQuery }>();
  for (const query of sameTexts(queries)) {
    const known = merged.get(query.id);
    if (known === undefined) merged.set(query.id, { query, heaviest: query });
    else {
      known.query = add(known.query, query);
      if (weight(query) > weight(known.heaviest)) known.heaviest = query;
    }
  }
  return Array.from(merged.values(), ({ query, heaviest }) => withText(query, heaviest.text));
}

function withText(query: WorkloadQuery, text: string): WorkloadQuery {
  return { ...query, text };
}

function sameTexts(queries: readonly WorkloadQuery[]): Iterable<WorkloadQuery> {
  const byText = new Map<string, WorkloadQuery>();
  for (const query of queries) {
    const known = byText.get(query.text);
    byText.set(query.text, known === undefined ? query : add(known, query));
  }
  return byText.values();
}

function weight(query: WorkloadQuery): number {
  return query.totalMs ?? query.calls;
}

function add(left: WorkloadQuery, right: WorkloadQuery): WorkloadQuery {
  const calls = left.calls + right.calls;
  const totalMs = sum(left.totalMs, right.totalMs);
  return {
    id: left.id,
    text: left.text,
    calls,
    totalMs,
    meanMs: totalMs === null || calls === 0 ? null : totalMs / calls,
    rows: sum(left.rows, right.rows),
  };
}

function sum(left: number | null, right: number | null): number | null {
  return left === null || right === null ? null : left + right;
}

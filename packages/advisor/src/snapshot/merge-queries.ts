import { createHash } from "node:crypto";
import type { WorkloadQuery } from "./database-snapshot.ts";

/** A statement as it was found, before equal ones are put together. */
export interface FoundQuery {
  readonly query: WorkloadQuery;
  /** The grammar gives `a = $1` and `a IN ($1, $2)` one fingerprint, but they have different plans. */
  readonly hasList: boolean;
}

/**
 * One query per fingerprint, and one more where a fingerprint stands for lists and single values both.
 *
 * Of several texts (other constants, longer lists) the one that weighs most stays: by time where it is known, else by calls,
 * else the first.
 */
export function mergeQueries(found: readonly FoundQuery[]): readonly WorkloadQuery[] {
  const merged = new Map<string, MergedQuery>();
  for (const { query, hasList } of sameTexts(found)) {
    const key = `${query.id} ${hasList}`;
    const known = merged.get(key);
    if (known === undefined) merged.set(key, { query, heaviest: query, hasList });
    else {
      known.query = add(known.query, query);
      if (weight(query) > weight(known.heaviest)) known.heaviest = query;
    }
  }
  return Array.from(merged.values(), ({ query, heaviest, hasList }) => {
    const isAmbiguous = hasList && merged.has(`${query.id} false`);
    return named(query, isAmbiguous ? derivedId(query.id) : query.id, heaviest.text);
  });
}

interface MergedQuery {
  query: WorkloadQuery;
  heaviest: WorkloadQuery;
  readonly hasList: boolean;
}

function sameTexts(found: readonly FoundQuery[]): Iterable<FoundQuery> {
  const byText = new Map<string, FoundQuery>();
  for (const { query, hasList } of found) {
    const known = byText.get(query.text);
    byText.set(query.text, {
      query: known === undefined ? query : add(known.query, query),
      hasList,
    });
  }
  return byText.values();
}

function named(query: WorkloadQuery, id: string, text: string): WorkloadQuery {
  return { ...query, id, text };
}

function derivedId(id: string): string {
  return createHash("sha256").update(`${id} list`).digest("hex").slice(0, id.length);
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

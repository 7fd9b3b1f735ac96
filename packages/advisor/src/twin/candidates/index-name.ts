import type { IndexDefinition } from "../../planner/planner.ts";

/** NAMEDATALEN less its closing zero. */
const LONGEST_NAME_BYTES = 63;

/**
 * A name as a person would give it: `orders_tenant_id_created_at_idx`, at most 63 bytes of UTF-8.
 *
 * What tells two indexes on the same columns apart is in it too: `_desc`, `_incl_total`, `_partial`.
 *
 * @param isTaken - a number is appended until it answers false
 */
export function indexName(definition: IndexDefinition, isTaken: (name: string) => boolean): string {
  const parts = [
    definition.table,
    ...definition.keys.flatMap((key) => [
      key.isColumn ? key.expression : expressionName(key.expression),
      ...(key.direction === "desc" ? ["desc"] : []),
    ]),
    ...(definition.include.length === 0 ? [] : ["incl", ...definition.include]),
    ...(definition.predicate === null ? [] : ["partial"]),
    ...(definition.method === "btree" ? [] : [definition.method]),
  ];
  const base = parts.join("_");
  for (let attempt = 0; ; attempt += 1) {
    const suffix = attempt === 0 ? "_idx" : `_idx${attempt}`;
    const name = truncateBytes(base, LONGEST_NAME_BYTES - suffix.length) + suffix;
    if (!isTaken(name)) return name;
  }
}

/** `lower(email)` -> `lower_email` */
function expressionName(expression: string): string {
  const words = expression.match(/[\p{L}\p{N}_]+/gu) ?? [];
  return words.length === 0 ? "expr" : words.slice(0, 4).join("_").toLowerCase();
}

function truncateBytes(text: string, bytes: number): string {
  // A cut inside a character leaves U+FFFD at the end.
  const kept = Buffer.from(text)
    .subarray(0, bytes)
    .toString("utf8")
    .replace(/\u{FFFD}+$/u, "");
  return kept.replace(/_+$/u, "");
}

import type { SearchResult } from "../search/search-indexes.ts";
import type { SchemaLookup } from "../workload/schema-lookup.ts";
import type { RegisteredCandidate } from "./register-candidates.ts";

/** Writes are counted against every index; below this share of the reads' cost nobody needs to be told. */
const WRITES_WORTH_SAYING_RATIO = 0.01;

/** What a person should know before building an index. */
export function cautionsAbout(
  { definition, index, writeCost, earlyStops }: RegisteredCandidate,
  { chosen, costBefore }: Pick<SearchResult, "chosen" | "costBefore">,
  schema: SchemaLookup,
): readonly string[] {
  const relation = schema.relation(definition.schema, definition.table);
  const cautions: string[] = [];
  const users = chosen.find(({ id }) => id === index.id)?.queries ?? [];
  if (users.some((query) => earlyStops.has(query))) {
    cautions.push(
      "It gives the order only: the LIMIT ends early if matching rows come early, which the planner assumes and the data may refute.",
    );
  }
  if (writeCost > WRITES_WORTH_SAYING_RATIO * costBefore) {
    const share = Math.round((100 * writeCost) / costBefore);
    cautions.push(
      `Writes pay for it: about ${share} % of what the workload's reads cost today, which is counted against the gain.`,
    );
  }
  const held = new Set([
    ...definition.keys.map(({ expression }) => expression),
    ...definition.include,
  ]);
  const hot = relation?.activity;
  if (hot !== null && hot !== undefined && hot.hotUpdates > 0) {
    cautions.push(
      `An UPDATE that sets ${[...held].join(" or ")} can no longer be HOT once the index is there.`,
    );
  }
  cautions.push(
    relation?.kind === "partitioned"
      ? "Each partition is built without blocking writers; run the statements outside a transaction, in this order."
      : "CREATE INDEX CONCURRENTLY does not block writers, cannot run in a transaction, and leaves an invalid index behind if it fails.",
  );
  return cautions;
}

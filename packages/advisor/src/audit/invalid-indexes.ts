import { type Finding, findingKey, ruleOf } from "@upshift/findings";
import { dropIndexChange } from "../ddl/index-ddl.ts";
import type { Index } from "../snapshot/database-snapshot.ts";
import { quoteQualified } from "../snapshot/identifier.ts";
import type { SchemaLookup } from "../workload/schema-lookup.ts";
import { sizeOf } from "./drop-proposal.ts";

/** What REINDEX CONCURRENTLY leaves when it fails: the original index still stands. */
const LEFTOVER = /_cc(new|old)\d*$/;

/** Indexes that a failed CREATE INDEX CONCURRENTLY or REINDEX left: written to by every INSERT, used by no query. */
export function findInvalidIndexes(schema: SchemaLookup): readonly Finding[] {
  return schema.snapshot.indexes
    .filter((index) => !index.isValid && !isUnfinishedParent(index, schema))
    .map((index) => toFinding(index, schema));
}

/** On a partitioned table an index is invalid until every partition has its own attached: that is no damage. */
function isUnfinishedParent(index: Index, schema: SchemaLookup): boolean {
  return schema.relation(index.schema, index.table)?.kind === "partitioned";
}

function toFinding(index: Index, schema: SchemaLookup): Finding {
  const table = schema.displayName({ schema: index.schema, name: index.table });
  const bytes = sizeOf(index, schema.snapshot.server.blockSizeBytes);
  const isLeftover = LEFTOVER.test(index.name);
  const drop = dropIndexChange(index, schema);
  return {
    rule: "index/invalid",
    key: findingKey({ rule: "index/invalid", fingerprint: `${index.schema}.${index.name}` }),
    severity: ruleOf("index/invalid").severity,
    // Rebuilding a unique index fails as long as there is what made it invalid: a person has to look first.
    confidence: index.isUnique && !isLeftover ? "hint" : "proven",
    title: `Index ${index.name} on ${table} is invalid: it is written to but never read`,
    where: { table },
    evidence: [
      { kind: "sql", label: "definition", sql: index.definition },
      { kind: "count", label: "size", value: bytes, unit: "bytes" },
    ],
    cost: { bytes },
    saving: { ...(isLeftover ? { bytes } : {}), basis: "measured" },
    fix: {
      title: isLeftover ? `Drop ${index.name}` : `Rebuild ${index.name}`,
      sql: isLeftover
        ? drop.sql
        : `REINDEX INDEX CONCURRENTLY ${quoteQualified(index.schema, index.name)};`,
      caution: `${index.isUnique && !isLeftover ? "Remove duplicate rows first: with them the rebuild fails, and leaves one more invalid index behind. " : ""}It may be in the middle of being built: look at pg_stat_progress_create_index.`,
      ...(isLeftover ? { undo: drop.undo } : {}),
    },
  };
}

import { findingKey, ruleOf, thresholdOf } from "@upshift/findings";
import { dropIndexChange } from "../ddl/index-ddl.ts";
import type { Index, ServerFacts } from "../snapshot/database-snapshot.ts";
import type { SchemaLookup } from "../workload/schema-lookup.ts";
import { type DropProposal, isProtected, sizeOf } from "./drop-proposal.ts";

const DAY_MS = 86_400_000;

/** Indexes without a scan since the statistics were reset; a hint only where that is not long ago. */
export function findUnusedIndexes(schema: SchemaLookup): readonly DropProposal[] {
  const { snapshot } = schema;
  const watchedMs = watchedFor(snapshot.server, snapshot.capturedAtMs);
  const minBytes = thresholdOf("index/unused", "minSizeBytes");
  return snapshot.indexes
    .filter(
      (index) =>
        !isProtected(index) &&
        !index.isUnique &&
        index.isValid &&
        scansOf(index, snapshot.indexes) === 0 &&
        index.lastScanAtMs === null &&
        sizeOf(index, snapshot.server.blockSizeBytes) >= minBytes,
    )
    .map((index) => toProposal(index, watchedMs, schema));
}

/** How long scans were counted; `null` where the server does not say. */
function watchedFor(server: ServerFacts, capturedAtMs: number): number | null {
  return server.statisticsResetAtMs === null ? null : capturedAtMs - server.statisticsResetAtMs;
}

/** Scans of a partitioned table's index are counted on its partitions. */
function scansOf(index: Index, all: readonly Index[]): number | null {
  const parts = all.filter(
    ({ parent }) => parent?.schema === index.schema && parent.name === index.name,
  );
  let scans = index.scans;
  for (const part of parts) {
    const own = scansOf(part, all);
    scans = scans === null || own === null ? null : scans + own;
  }
  return scans;
}

function toProposal(index: Index, watchedMs: number | null, schema: SchemaLookup): DropProposal {
  const { server } = schema.snapshot;
  const table = schema.displayName({ schema: index.schema, name: index.table });
  const bytes = sizeOf(index, server.blockSizeBytes);
  const isLong =
    watchedMs !== null && watchedMs >= thresholdOf("index/unused", "minObservedDays") * DAY_MS;
  const since = watchedMs === null ? "since statistics were last reset" : `in ${spanOf(watchedMs)}`;
  const change = dropIndexChange(index, schema);
  return {
    index,
    coveredBy: null,
    finding: {
      rule: "index/unused",
      key: findingKey({ rule: "index/unused", fingerprint: `${index.schema}.${index.name}` }),
      severity: isLong ? ruleOf("index/unused").severity : "info",
      confidence: isLong ? "likely" : "hint",
      title: `Index ${index.name} on ${table} was not used once ${since}`,
      where: { table },
      evidence: [
        { kind: "count", label: "scans", value: 0 },
        { kind: "count", label: "size", value: bytes, unit: "bytes" },
        ...(isLong
          ? []
          : [
              {
                kind: "note" as const,
                text: `${watchedMs === null ? "The server does not say since when it counts" : "The server has not counted for long"}: make sure that it has seen a whole business cycle.`,
              },
            ]),
      ],
      cost: { bytes },
      saving: { bytes, basis: "measured" },
      fix: {
        title: `Drop ${index.name}`,
        sql: change.sql,
        undo: change.undo,
        caution: `Replicas count their own scans: look at pg_stat_user_indexes there first. Rare jobs (month end, reports) and deletes from referenced tables may need it.`,
      },
    },
  };
}

/** `12 days`, `3 hours`, `5 minutes`: the largest unit that is at least one. */
function spanOf(ms: number): string {
  for (const [unit, unitMs] of [
    ["day", DAY_MS],
    ["hour", 3_600_000],
  ] as const) {
    const count = Math.floor(ms / unitMs);
    if (count > 0) return `${count} ${unit}${count === 1 ? "" : "s"}`;
  }
  const minutes = Math.max(1, Math.floor(ms / 60_000));
  return `${minutes} minute${minutes === 1 ? "" : "s"}`;
}

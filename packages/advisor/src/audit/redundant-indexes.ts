import { findingKey, ruleOf, thresholdOf } from "@upshift/findings";
import { dropIndexChange } from "../ddl/index-ddl.ts";
import type { ExistingIndexKey, Index } from "../snapshot/database-snapshot.ts";
import type { SchemaLookup } from "../workload/schema-lookup.ts";
import { type DropProposal, isProtected, sizeOf } from "./drop-proposal.ts";

/** Indexes that another one makes redundant: equal, or the start of it. */
export function findRedundantIndexes(schema: SchemaLookup): readonly DropProposal[] {
  const { snapshot } = schema;
  const minBytes = thresholdOf("index/duplicate", "minSizeBytes");
  const proposals: DropProposal[] = [];
  const dropped = new Set<Index>();
  for (const relation of snapshot.relations) {
    const indexes = schema.indexesOf(relation).filter(({ isValid, isReady }) => isValid && isReady);
    // The youngest goes first, so that of two equal ones the older stays.
    for (const index of indexes.toReversed()) {
      if (isProtected(index) || sizeOf(index, snapshot.server.blockSizeBytes) < minBytes) continue;
      const keeper = indexes.find(
        (other) => other !== index && !dropped.has(other) && makesRedundant(other, index),
      );
      if (keeper === undefined) continue;
      dropped.add(index);
      proposals.push(toProposal(index, keeper, schema));
    }
  }
  return proposals;
}

/** Whether `keeper` does all that `index` does. */
function makesRedundant(keeper: Index, index: Index): boolean {
  if (keeper.method !== index.method || keeper.predicate !== index.predicate) return false;
  if (!index.include.every((column) => carries(keeper, column))) return false;
  const isEqual = keeper.keys.length === index.keys.length;
  if (index.isUnique && !(isEqual && isSameUniqueness(keeper, index))) return false;
  // Only a B-tree serves its first keys alone; other methods must be equal.
  if (!isEqual && index.method !== "btree") return false;
  return startsWith(keeper.keys, index.keys);
}

function isSameUniqueness(keeper: Index, index: Index): boolean {
  return keeper.isUnique && keeper.nullsNotDistinct === index.nullsNotDistinct;
}

function startsWith(
  keys: readonly ExistingIndexKey[],
  start: readonly ExistingIndexKey[],
): boolean {
  if (keys.length < start.length) return false;
  const isForward = start.every((key, position) => isSameKey(key, keys[position], false));
  return isForward || start.every((key, position) => isSameKey(key, keys[position], true));
}

/** `isReversed`: the other index, read backwards. */
function isSameKey(
  key: ExistingIndexKey,
  other: ExistingIndexKey | undefined,
  isReversed: boolean,
): boolean {
  return (
    other !== undefined &&
    key.column === other.column &&
    key.expression === other.expression &&
    key.opclass === other.opclass &&
    key.collation === other.collation &&
    (key.direction === other.direction) === !isReversed &&
    (key.nulls === other.nulls) === !isReversed
  );
}

function carries(index: Index, column: string): boolean {
  return index.include.includes(column) || index.keys.some((key) => key.column === column);
}

function toProposal(index: Index, keeper: Index, schema: SchemaLookup): DropProposal {
  const table = schema.displayName({ schema: index.schema, name: index.table });
  const bytes = sizeOf(index, schema.snapshot.server.blockSizeBytes);
  const isEqual = keeper.keys.length === index.keys.length;
  const change = dropIndexChange(index, schema);
  return {
    index,
    coveredBy: keeper,
    finding: {
      rule: "index/duplicate",
      key: findingKey({ rule: "index/duplicate", fingerprint: `${index.schema}.${index.name}` }),
      severity: ruleOf("index/duplicate").severity,
      confidence: "likely",
      title: isEqual
        ? `Index ${index.name} on ${table} is the same as ${keeper.name}`
        : `Index ${index.name} on ${table} is the start of ${keeper.name}`,
      where: { table },
      evidence: [
        { kind: "sql", label: "redundant", sql: index.definition },
        { kind: "sql", label: "stays", sql: keeper.definition },
        { kind: "count", label: "size", value: bytes, unit: "bytes" },
      ],
      cost: { bytes },
      saving: { bytes, basis: "measured" },
      fix: {
        title: `Drop ${index.name}`,
        sql: change.sql,
        undo: change.undo,
        caution: `Index hints, REINDEX scripts and monitoring may name ${index.name}.`,
      },
    },
  };
}

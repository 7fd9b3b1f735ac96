import { randomBytes } from "node:crypto";
import { loadGrammar } from "../classify-statement.ts";
import type { DatabaseSnapshot } from "../database-snapshot.ts";
import { createNumberMap, type Random } from "./number-map.ts";
import { BYTES, collectRanks, MAC_ADDRESS, NETWORK_ADDRESS, UUID } from "./rank-map.ts";
import { redactDefinitions } from "./redact-definitions.ts";
import { redactStatistics } from "./redact-statistics.ts";
import { redactWorkload } from "./redact-workload.ts";
import { collectTexts } from "./text-map.ts";
import { textOrder } from "./text-order.ts";
import { createTimeMap } from "./time-map.ts";
import type { ValueMaps } from "./value-redactor.ts";

export interface RedactSnapshotOptions {
  /** 0..1; the key of what is replaced by what. Default: from the operating system, so that nobody can turn it back. */
  readonly random?: Random;
}

/**
 * Replaces every value that came out of a row or may have: in statistics, in constants of queries and definitions, in comments.
 *
 * One map for the whole snapshot: equal values stay equal in statistics, predicates and queries, and keep their order, so that
 * the planner comes to nearly the same estimates. What stays, and why, is in docs/decisions/0002-redaction.md.
 */
export async function redactSnapshot(
  snapshot: DatabaseSnapshot,
  { random = secureRandom }: RedactSnapshotOptions = {},
): Promise<DatabaseSnapshot> {
  if (snapshot.values === "redacted") return snapshot;
  await loadGrammar();
  const texts = collectTexts(enumLabels(snapshot));
  const ranks = {
    uuids: collectRanks(UUID),
    networks: collectRanks(NETWORK_ADDRESS),
    macs: collectRanks(MAC_ADDRESS),
    bytes: collectRanks(BYTES),
  };
  const fixed = {
    numbers: createNumberMap(random),
    times: createTimeMap(snapshot.capturedAtMs, random),
  };
  // Codes tell the order of all values, so all are gathered before the first is replaced.
  const gathering: ValueMaps = { ...fixed, texts, ...ranks };
  redactStatistics(snapshot, gathering);
  const textValues = texts.gathered();
  const isText = (value: string): boolean => textValues.has(value);
  replaceSql(snapshot, gathering, isText);
  const maps: ValueMaps = {
    ...fixed,
    texts: texts.freeze(textOrder(snapshot.database)),
    uuids: ranks.uuids.freeze(),
    networks: ranks.networks.freeze(),
    macs: ranks.macs.freeze(),
    bytes: ranks.bytes.freeze(),
  };
  return {
    ...replaceSql(snapshot, maps, isText),
    columnStatistics: redactStatistics(snapshot, maps),
    values: "redacted",
  };
}

function replaceSql(
  snapshot: DatabaseSnapshot,
  maps: ValueMaps,
  isText: (value: string) => boolean,
): DatabaseSnapshot {
  const redaction = { maps, isText, types: snapshot.types };
  return {
    ...redactDefinitions(snapshot, redaction),
    workload: redactWorkload(snapshot.workload, redaction),
  };
}

function enumLabels(snapshot: DatabaseSnapshot): ReadonlySet<string> {
  const labels = new Set<string>();
  for (const { kind, ddl } of snapshot.types) {
    if (kind !== "enum") continue;
    const list = ddl?.slice(ddl.indexOf(" AS ENUM (")) ?? "";
    for (const match of list.matchAll(/(E)?'((?:[^']|'')*)'/g)) {
      const label = (match[2] ?? "").replaceAll("''", "'");
      labels.add(match[1] === undefined ? label : label.replaceAll("\\\\", "\\"));
    }
  }
  return labels;
}

function secureRandom(): number {
  return randomBytes(6).readUIntBE(0, 6) / 2 ** 48;
}

import { type Finding, thresholdOf } from "@upshift/findings";
import type { DropProposal } from "../audit/drop-proposal.ts";
import type { IndexId, Planner } from "../planner/planner.ts";
import { type SearchQuery, tableKey } from "../search/search-query.ts";
import type { WhatIf } from "../search/what-if.ts";
import type { SchemaLookup } from "../workload/schema-lookup.ts";
import { leavesForeignKey } from "./replaced-indexes.ts";
import { type DropProof, proveDrop } from "./without-indexes.ts";

export interface DropRequest {
  readonly planner: Planner;
  readonly whatIf: WhatIf;
  readonly queries: readonly SearchQuery[];
  readonly advised: ReadonlySet<IndexId>;
  /** Existing indexes that the advice replaces already. */
  readonly replaced: ReadonlySet<IndexId>;
  readonly schema: SchemaLookup;
}

/**
 * Proposed drops that stand the test: the whole workload planned without them, one on top of the other.
 *
 * A drop that makes some query dearer is not reported. What the planner cannot hide (a second unique index) stays a
 * likely finding.
 */
export async function provenDrops(
  proposals: readonly DropProposal[],
  request: DropRequest,
): Promise<readonly Finding[]> {
  const { planner, schema, replaced } = request;
  const known = planner.indexes().filter(({ origin }) => origin === "existing");
  const hidden = new Set(replaced);
  const findings: Finding[] = [];
  for (const { index, coveredBy, finding } of proposals) {
    const place = known.find(
      ({ schema: owner, name }) => owner === index.schema && name === index.name,
    );
    if (place !== undefined && replaced.has(place.id)) continue;
    const warned = coveredBy === null && leavesForeignKey(index, null, schema);
    const reported = warned ? withForeignKeyCaution(finding) : finding;
    if (place === undefined || !place.canHide) {
      findings.push(reported);
      continue;
    }
    const table = tableKey({ schema: index.schema, name: index.table });
    const proof = await proveDrop({
      ...request,
      table,
      hidden,
      candidate: place.id,
      // Beside an index that starts with all of its keys it would not be advised for less.
      slackRatio: coveredBy === null ? 0 : thresholdOf("index/missing", "minGainRatio"),
      isBoundByToday: false,
    });
    if (!proof.isHarmless) continue;
    hidden.add(place.id);
    findings.push(proof.before > 0 ? verified(reported, proof) : reported);
  }
  return findings;
}

function verified(finding: Finding, { before, after }: DropProof): Finding {
  return {
    ...finding,
    // The plans prove a redundant index; "unused" still rests on how long the server was watched.
    confidence: finding.rule === "index/duplicate" ? "proven" : finding.confidence,
    verified: { how: "twin", before: { planCost: before }, after: { planCost: after } },
  };
}

function withForeignKeyCaution(finding: Finding): Finding {
  const text =
    "It is the only index on a foreign key: deletes from the referenced table would scan this one.";
  return {
    ...finding,
    severity: "info",
    confidence: "hint",
    fix: { ...finding.fix, caution: `${text} ${finding.fix.caution ?? ""}`.trim() },
  };
}

import { thresholdOf } from "@upshift/findings";
import type { AdvisedIndex } from "../advice.ts";
import { isServedByExisting } from "../candidates/existing-index.ts";
import { createIndexChange, dropIndexChange, freeIndexName } from "../ddl/index-ddl.ts";
import type { IndexDefinition, IndexId, Planner } from "../planner/planner.ts";
import type { SearchResult } from "../search/search-indexes.ts";
import { type SearchQuery, tableKey } from "../search/search-query.ts";
import type { ChosenIndex } from "../search/settle.ts";
import type { WhatIf } from "../search/what-if.ts";
import type { SchemaLookup } from "../workload/schema-lookup.ts";
import { cautionsAbout } from "./cautions.ts";
import { genericCaution } from "./generic-plans.ts";
import type { PlannableQuery } from "./plannable-queries.ts";
import type { RegisteredCandidate } from "./register-candidates.ts";
import { type Replaceable, replaceableBy } from "./replaced-indexes.ts";
import { doubtsAbout } from "./trust.ts";
import { proveDrop } from "./without-indexes.ts";

/** An advised index and the slow form that it answers. */
export interface RuledIndex {
  readonly index: AdvisedIndex;
  readonly rule: "index/missing" | "index/column-order" | "index/covering";
}

export interface AdvisedIndexesRequest {
  readonly planner: Planner;
  readonly whatIf: WhatIf;
  readonly queries: readonly SearchQuery[];
  readonly plannable: readonly PlannableQuery[];
  readonly registered: readonly RegisteredCandidate[];
  readonly result: SearchResult;
  readonly schema: SchemaLookup;
}

/** What the search chose, as advice: names, DDL, the old indexes that each makes needless, what to mind. */
export async function advisedIndexes(request: AdvisedIndexesRequest): Promise<{
  readonly indexes: readonly RuledIndex[];
  /** Existing indexes that go. */
  readonly replaced: ReadonlySet<IndexId>;
}> {
  const { registered, result, schema } = request;
  const replaced = new Set<IndexId>();
  const names = new Set<string>();
  const indexes: RuledIndex[] = [];
  for (const chosen of result.chosen.toSorted((a, b) => b.gainRatio - a.gainRatio)) {
    const candidate = registered.find(({ index }) => index.id === chosen.id);
    if (candidate === undefined) continue;
    const { definition } = candidate;
    const gone = await replacedBy(definition, replaced, request);
    const name = freeIndexName(definition, schema, names);
    names.add(name);
    const doubts = doubtsAbout(candidate, schema);
    const generic = await genericCaution(chosen, request);
    const change = createIndexChange(definition, name, schema);
    indexes.push({
      rule: ruleFor(definition, gone, schema),
      index: {
        definition,
        ddl: change.sql,
        undo: change.undo,
        sizeBytes: candidate.index.sizeBytes,
        gainRatio: chosen.gainRatio,
        confidence: doubts.length > 0 ? "hint" : "proven",
        cautions: [
          ...doubts,
          ...(generic === null ? [] : [generic]),
          ...cautionsAbout(candidate, result, schema),
        ],
        replaces: gone.map(({ index }) => {
          const drop = dropIndexChange(index, schema);
          return { schema: index.schema, name: index.name, ddl: drop.sql, undo: drop.undo };
        }),
        queries: queriesOf(chosen, request),
      },
    });
  }
  return { indexes, replaced };
}

/** Old indexes whose queries are as cheap with the new one alone. */
async function replacedBy(
  definition: IndexDefinition,
  replaced: Set<IndexId>,
  { planner, whatIf, queries, result, schema }: AdvisedIndexesRequest,
): Promise<readonly Replaceable[]> {
  const known = planner.indexes().filter(({ origin, canHide }) => origin === "existing" && canHide);
  const gone: Replaceable[] = [];
  for (const replaceable of replaceableBy(definition, schema)) {
    const { index } = replaceable;
    const place = known.find((item) => item.schema === index.schema && item.name === index.name);
    if (place === undefined || replaced.has(place.id)) continue;
    const proof = await proveDrop({
      whatIf,
      queries,
      advised: new Set(result.chosen.map(({ id }) => id)),
      table: tableKey({ schema: index.schema, name: index.table }),
      hidden: replaced,
      candidate: place.id,
      slackRatio: thresholdOf(
        replaceable.why === "order" ? "index/column-order" : "index/missing",
        "minGainRatio",
      ),
      isBoundByToday: true,
    });
    if (!proof.isHarmless) continue;
    replaced.add(place.id);
    gone.push(replaceable);
  }
  return gone;
}

function ruleFor(
  definition: IndexDefinition,
  gone: readonly Replaceable[],
  schema: SchemaLookup,
): RuledIndex["rule"] {
  if (gone.some(({ why }) => why === "order")) return "index/column-order";
  const relation = schema.relation(definition.schema, definition.table);
  const existing = relation === null ? [] : schema.indexesOf(relation);
  const isCovering =
    definition.include.length > 0 && isServedByExisting({ ...definition, include: [] }, existing);
  return isCovering ? "index/covering" : "index/missing";
}

function queriesOf(
  chosen: ChosenIndex,
  { plannable, result }: AdvisedIndexesRequest,
): AdvisedIndex["queries"] {
  return plannable
    .filter(({ statement }) => chosen.queries.includes(statement.id))
    .map(({ statement: { id, normalized } }) => ({
      query: normalized,
      costBefore: result.before.get(id)?.cost ?? 0,
      costAfter: result.after.get(id)?.cost ?? 0,
    }));
}

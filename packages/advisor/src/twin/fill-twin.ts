import type { DatabaseSnapshot } from "../snapshot/database-snapshot.ts";
import { CandidateIndexes } from "./candidates/candidate-indexes.ts";
import { TWIN_SCHEMA_SQL } from "./candidates/empty-heap.ts";
import { existingIndexes } from "./candidates/existing-indexes.ts";
import { IndexRegistry } from "./candidates/index-registry.ts";
import type { Engine } from "./engine/engine.ts";
import { StatementCache } from "./explain/statement-cache.ts";
import { VisiblePlans } from "./explain/visible-plans.ts";
import type { Limitation } from "./limitation.ts";
import { readRelationFiles, type RelationFile, replaySchema } from "./replay/replay-schema.ts";
import { StatementRunner } from "./replay/statement-runner.ts";
import { applySettings } from "./settings.ts";
import { quoteQualified } from "./sql-text.ts";
import { restoreAttributeStatistics } from "./statistics/restore-attributes.ts";
import { restoreExtendedStatistics } from "./statistics/restore-extended.ts";
import { type RelationSize, restoreRelationSizes } from "./statistics/restore-sizes.ts";
import { readIndexCatalog } from "./storage/index-catalog.ts";
import { type FileSize, sizeFiles } from "./storage/size-relations.ts";
import { IndexSizing } from "./storage/sizing.ts";
import { StatisticsLookup } from "./storage/statistics-lookup.ts";
import type { EngineTwinOptions } from "./twin.ts";
import { PlainTwins } from "./version-rule/plain-twins.ts";

export interface FillTwinOptions {
  readonly engine: Engine;
  readonly snapshot: DatabaseSnapshot;
  readonly dataDirectory: string;
  readonly extensions: readonly string[];
  readonly limitations: Limitation[];
  readonly signal?: AbortSignal | undefined;
  /** 0 schema, 1 sizes, 2 statistics. */
  readonly onStep: (step: number) => void;
}

/** Turns an empty engine into the twin of the snapshot's database. The order matters: no plan before the files are final. */
export async function fillTwin(
  options: FillTwinOptions,
): Promise<Omit<EngineTwinOptions, "engine" | "limitations" | "cleanUp">> {
  const { engine, snapshot, dataDirectory, limitations, signal } = options;
  options.onStep(0);
  await replaySchema(options);
  await engine.run(TWIN_SCHEMA_SQL);

  options.onStep(1);
  const relations = await readRelationFiles(engine);
  const sizing = new IndexSizing(snapshot);
  const existing = existingIndexes(snapshot, await readIndexCatalog(engine, null), sizing);
  const registry = new IndexRegistry();
  for (const index of existing) registry.add(index, true);
  const paths = new Map([...relations.values()].map((file) => [file.oid, file.path]));
  const tables = tableSizes(snapshot, relations);
  const indexes = existing.flatMap((index) =>
    index.parts.map((part) => ({ ...part, method: index.method })),
  );
  const files = [...tables.map((table) => ({ ...table, method: "heap" })), ...indexes].flatMap(
    (relation): FileSize[] => {
      const path = paths.get(relation.oid) ?? null;
      return path === null ? [] : [{ ...relation, path }];
    },
  );
  await sizeFiles(dataDirectory, files, signal);
  await restoreRelationSizes(engine, [...tables, ...indexes]);

  options.onStep(2);
  const runner = new StatementRunner(engine, limitations);
  await restoreAttributeStatistics(engine, snapshot, relations, limitations, signal);
  await restoreExtendedStatistics(engine, runner, snapshot);
  await applySettings(engine, runner, snapshot);

  const lookup = new StatisticsLookup(snapshot);
  const builder = { engine, dataDirectory };
  const statements = new StatementCache(engine);
  return {
    registry,
    statements,
    plans: new VisiblePlans(engine, registry, statements),
    plainTwins: new PlainTwins(builder, registry, lookup),
    candidates: new CandidateIndexes({
      builder,
      registry,
      sizing,
      lookup,
      takenNames: takenNames(snapshot, relations),
    }),
    serverVersionNumber: snapshot.server.versionNumber,
  };
}

function tableSizes(
  snapshot: DatabaseSnapshot,
  relations: ReadonlyMap<string, RelationFile>,
): RelationSize[] {
  return snapshot.relations.flatMap((relation) => {
    const file = relations.get(quoteQualified(relation.schema, relation.name));
    if (file === undefined) return [];
    return [
      {
        oid: file.oid,
        pages: relation.pages,
        rows: relation.rows,
        allVisiblePages: relation.allVisiblePages,
        allFrozenPages: relation.allFrozenPages ?? 0,
      },
    ];
  });
}

/** Tables, views and indexes share one name space per schema; also those that the twin could not make. */
function takenNames(
  snapshot: DatabaseSnapshot,
  relations: ReadonlyMap<string, RelationFile>,
): Set<string> {
  return new Set([
    ...relations.keys(),
    ...[...snapshot.relations, ...snapshot.views, ...snapshot.indexes].map((named) =>
      quoteQualified(named.schema, named.name),
    ),
  ]);
}

import type {
  ColumnStatistics,
  Constraint,
  HiddenFact,
  Index,
  ViewDefinition,
} from "./database-snapshot.ts";
import { readConstraints, readViews } from "./read-definitions.ts";
import {
  indexesWithHiddenStatistics,
  readIndexActivity,
  readIndexRows,
  toIndexes,
} from "./read-indexes.ts";
import { lockedFacts, readLockedRelations } from "./read-locked.ts";
import {
  readRelationRows,
  readSizes,
  readTableActivity,
  type RelationFacts,
  toRelations,
} from "./read-relations.ts";
import {
  type ExtendedStatisticsFacts,
  readColumnStatistics,
  readExtendedStatistics,
} from "./read-statistics.ts";
import { SnapshotFailedError } from "./snapshot-errors.ts";
import type { SectionRunner } from "./section-runner.ts";
import type { SqlScope } from "./sql/user-objects.ts";

/** Tables and all that hangs on them. */
export interface SchemaSection {
  readonly relations: readonly RelationFacts[];
  readonly constraints: readonly Constraint[];
  readonly indexes: readonly Index[];
  readonly columnStatistics: readonly ColumnStatistics[];
  readonly extendedStatistics: readonly ExtendedStatisticsFacts[];
  readonly views: readonly ViewDefinition[];
  /** Quoted names of indexes whose expressions' statistics are hidden. */
  readonly hiddenIndexes: readonly string[];
  readonly locked: readonly HiddenFact[];
}

/** A lock that comes between the look at the locks and the reading makes the reading fail; then both are done again. */
const ATTEMPTS = 3;

/** @throws {SnapshotFailedError} when tables, constraints or indexes cannot be read: advice without them would be wrong */
export async function readSchema(
  runner: SectionRunner,
  versionNumber: number,
): Promise<SchemaSection> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await readUnlockedSchema(runner, versionNumber);
    } catch (error) {
      const isLock =
        error instanceof SnapshotFailedError && error.details["sqlState"] === LOCK_NOT_AVAILABLE;
      if (!isLock || attempt === ATTEMPTS) throw error;
    }
  }
}

const LOCK_NOT_AVAILABLE = "55P03";

async function readUnlockedSchema(
  runner: SectionRunner,
  versionNumber: number,
): Promise<SchemaSection> {
  const locked = await runner.required("locks", readLockedRelations);
  const scope: SqlScope = { versionNumber, lockedOids: locked.map(({ oid }) => oid) };
  const relationRows = await runner.required("tables", (read) => readRelationRows(read, scope));
  const constraints = await runner.required("constraints", (read) => readConstraints(read, scope));
  const indexRows = await runner.required("indexes", (read) => readIndexRows(read, scope));
  const sizes = await runner.optional(
    "sizes of tables and indexes",
    (read) => readSizes(read, scope),
    { what: "sizes", fallback: new Map(), ownTransaction: true },
  );
  const tableActivities = await runner.optional("table activity", readTableActivity, {
    what: "activity",
    fallback: new Map(),
  });
  const indexActivities = await runner.optional(
    "index activity",
    (read) => readIndexActivity(read, scope),
    { what: "activity", fallback: new Map() },
  );
  const columnStatistics = await runner.optional(
    "column statistics",
    (read) => readColumnStatistics(read, scope),
    { what: "column-statistics", fallback: [] },
  );
  const extendedStatistics = await runner.optional(
    "extended statistics",
    (read) => readExtendedStatistics(read, scope),
    { what: "extended-statistics", fallback: [] },
  );
  const views = await runner.optional("views", (read) => readViews(read, scope), {
    what: "definitions",
    fallback: [],
    ownTransaction: true,
  });
  const relations = toRelations(relationRows, sizes, tableActivities);
  return {
    relations,
    constraints,
    indexes: toIndexes(indexRows, sizes, indexActivities),
    columnStatistics,
    extendedStatistics,
    views,
    hiddenIndexes: indexesWithHiddenStatistics(indexRows),
    locked: lockedFacts(locked),
  };
}

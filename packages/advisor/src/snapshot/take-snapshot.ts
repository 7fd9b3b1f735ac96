import { type Clock, systemClock } from "@upshift/foundation";
import type { OnProgress } from "../progress.ts";
import type { Queryable } from "../session/queryable.ts";
import { openReadOnlySession } from "../session/read-only-session.ts";
import type { DatabaseSnapshot, HiddenFact, Workload } from "./database-snapshot.ts";
import {
  hiddenByRowSecurity,
  hiddenColumnStatistics,
  hiddenExtendedStatistics,
} from "./hidden-statistics.ts";
import { howToGetWorkload, type Provider, readProvider } from "./provider.ts";
import {
  readCollations,
  readConstraints,
  readFunctions,
  readTypes,
  readViews,
} from "./read-definitions.ts";
import { readIndexActivity, readIndexRows, toIndexes } from "./read-indexes.ts";
import { readRelationRows, readSizes, readTableActivity, toRelations } from "./read-relations.ts";
import { readServer, readVersion } from "./read-server.ts";
import { readSettings, resolveSearchPath } from "./read-settings.ts";
import { readColumnStatistics, readExtendedStatistics } from "./read-statistics.ts";
import { hiddenWorkload, readRecordedWorkload, readWorkloadSource } from "./read-workload.ts";
import { redactSnapshot } from "./redact/redact-snapshot.ts";
import { createSectionRunner, type SectionRunner } from "./section-runner.ts";
import { DATABASE_SIZE_SQL, EXTENSIONS_SQL, SCHEMAS_SQL } from "./sql/server-sql.ts";
import { parseWorkload } from "./workload-file.ts";

export interface TakeSnapshotOptions {
  /** SQL statements to advise on; wins over pg_stat_statements. */
  readonly workloadSql?: string;
  /** Default `redacted`. */
  readonly values?: DatabaseSnapshot["values"];
  /** Default 30,000, per statement. */
  readonly statementTimeoutMs?: number;
  /** Default 1,000. */
  readonly lockTimeoutMs?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: OnProgress;
  /** Called with every statement just before it is sent. */
  readonly onStatement?: (text: string) => void;
  readonly clock?: Clock;
}

/**
 * Reads everything the advisor needs to know of a database: catalogs and statistics, no table rows. Writes nothing, and needs
 * no right beyond CONNECT; what the role cannot see is in `visibility.hidden`, with the least GRANT that would show it.
 *
 * @param queryable - one connection, not a pool; a transaction pooler in between is fine
 * @throws {ServerTooOldError} before PostgreSQL 14
 * @throws {SnapshotFailedError} when not even the list of tables can be read
 * @throws {ConnectionLostError} when the connection ends
 * @throws the signal's reason when aborted
 */
export async function takeSnapshot(
  queryable: Queryable,
  options: TakeSnapshotOptions = {},
): Promise<DatabaseSnapshot> {
  const { clock = systemClock, onProgress } = options;
  const session = openReadOnlySession(queryable, options);
  let done = 0;
  const runner = createSectionRunner(session, (name) => {
    onProgress?.({ stage: "snapshot", done, total: SECTION_COUNT, label: `reading ${name}` });
    done += 1;
  });
  try {
    const capturedAtMs = clock.now();
    const snapshot = await readSnapshot(runner, capturedAtMs, options.workloadSql);
    return options.values === "real" ? snapshot : await redactSnapshot(snapshot);
  } finally {
    await session.close();
  }
}

/** Sections of a snapshot of a server with pg_stat_statements; progress counts them. */
const SECTION_COUNT = 19;

async function readSnapshot(
  runner: SectionRunner,
  capturedAtMs: number,
  workloadSql: string | undefined,
): Promise<DatabaseSnapshot> {
  const version = await runner.required("the server's version", readVersion);
  const server = await runner.required("the server", (read) => readServer(read, version));
  const sizeBytes = await runner.optional(
    "the database's size",
    async (read) =>
      (await read<{ readonly size_bytes: number | null }>(DATABASE_SIZE_SQL))[0]?.size_bytes ??
      null,
    { what: "sizes", fallback: null },
  );
  const { settings, roleSettings } = await runner.optional("settings", readSettings, {
    what: "settings",
    fallback: { settings: [], roleSettings: [] },
  });
  const extensions = await runner.optional(
    "extensions",
    (read) => read<DatabaseSnapshot["extensions"][number]>(EXTENSIONS_SQL),
    { what: "definitions", fallback: [] },
  );
  const schemas = await runner.required("schemas", (read) =>
    read<{ readonly name: string; readonly is_usable: boolean }>(SCHEMAS_SQL),
  );
  const types = await runner.optional("types", readTypes, { what: "definitions", fallback: [] });
  const collations = await runner.optional(
    "collations",
    (read) => readCollations(read, version.number),
    {
      what: "definitions",
      fallback: [],
    },
  );
  const functions = await runner.optional("functions", readFunctions, {
    what: "definitions",
    fallback: [],
  });
  const relationRows = await runner.required("tables", (read) =>
    readRelationRows(read, version.number),
  );
  const constraints = await runner.optional("constraints", readConstraints, {
    what: "definitions",
    fallback: [],
  });
  const indexRows = await runner.optional(
    "indexes",
    (read) => readIndexRows(read, version.number),
    {
      what: "definitions",
      fallback: { indexes: [], keys: [] },
    },
  );
  const sizes = await runner.optional("sizes of tables and indexes", readSizes, {
    what: "sizes",
    fallback: new Map(),
    ownTransaction: true,
  });
  const tableActivities = await runner.optional("table activity", readTableActivity, {
    what: "activity",
    fallback: new Map(),
  });
  const indexActivities = await runner.optional(
    "index activity",
    (read) => readIndexActivity(read, version.number),
    { what: "activity", fallback: new Map() },
  );
  const columnStatistics = await runner.optional(
    "column statistics",
    (read) => readColumnStatistics(read, version.number),
    { what: "column-statistics", fallback: [] },
  );
  const extendedStatistics = await runner.optional(
    "extended statistics",
    (read) => readExtendedStatistics(read, version.number),
    { what: "extended-statistics", fallback: [] },
  );
  const views = await runner.optional("views", readViews, {
    what: "definitions",
    fallback: [],
    ownTransaction: true,
  });
  const workload = await readWorkload(runner, server.role, workloadSql);
  const relations = toRelations(relationRows, sizes, tableActivities);
  return {
    schemaVersion: 1,
    capturedAtMs,
    values: "real",
    server: server.server,
    database: { ...server.database, sizeBytes },
    settings,
    extensions,
    schemas: schemas.map(({ name }) => name),
    searchPath: resolveSearchPath(
      settings.find(({ name }) => name === "search_path")?.value ?? '"$user", public',
      server.sessionRole,
      new Set(schemas.filter((schema) => schema.is_usable).map(({ name }) => name)),
    ),
    roleSettings,
    collations,
    types,
    functions,
    relations: relations.map(({ relation }) => relation),
    views,
    constraints,
    indexes: toIndexes(indexRows, sizes, indexActivities),
    columnStatistics,
    extendedStatistics: extendedStatistics.map(({ statistics }) => statistics),
    workload: workload.workload,
    visibility: {
      role: server.role,
      isSuperuser: server.isSuperuser,
      hidden: [
        ...hiddenColumnStatistics(relations, server.role),
        ...hiddenByRowSecurity(relations),
        ...hiddenExtendedStatistics(extendedStatistics, server.role),
        ...workload.hidden,
        ...runner.hidden,
      ],
    },
  };
}

async function readWorkload(
  runner: SectionRunner,
  role: string,
  workloadSql: string | undefined,
): Promise<{ readonly workload: Workload; readonly hidden: readonly HiddenFact[] }> {
  if (workloadSql !== undefined) {
    const { queries, skipped } = await parseWorkload(workloadSql);
    const note = queries.length === 0 ? "The workload file has no statement to advise on." : null;
    return { workload: { source: "file", note, queries, skipped }, hidden: [] };
  }
  const source = await runner.optional("the workload's source", readWorkloadSource, {
    what: "workload",
    fallback: null,
  });
  if (source === null) {
    const provider = await runner.optional<Provider>("the provider", readProvider, {
      what: "workload",
      fallback: "self-hosted",
    });
    return { workload: none(howToGetWorkload(provider, false)), hidden: [] };
  }
  const hidden = hiddenWorkload(source, role);
  if (hidden !== null) return { workload: none(hidden.reason), hidden: [hidden] };
  return await runner.optional("the workload", (read) => readRecordedWorkload(read, source, role), {
    what: "workload",
    fallback: { workload: none(`${source.view} could not be read.`), hidden: [] },
  });
}

function none(note: string): Workload {
  return { source: "none", note, queries: [], skipped: [] };
}

import { type Clock, systemClock } from "@upshift/foundation";
import type { OnProgress } from "../progress.ts";
import type { Queryable } from "../session/queryable.ts";
import { openReadOnlySession, type Read } from "../session/read-only-session.ts";
import type { DatabaseSnapshot, HiddenFact, UserCollation, Workload } from "./database-snapshot.ts";
import {
  hiddenByRowSecurity,
  hiddenColumnStatistics,
  hiddenExpressionStatistics,
  hiddenExtendedStatistics,
} from "./hidden-statistics.ts";
import { howToGetWorkload, type Provider, readProvider } from "./provider.ts";
import { readCollations, readFunctions, readTypes } from "./read-definitions.ts";
import { readSchema } from "./read-schema.ts";
import { readServer, readVersion } from "./read-server.ts";
import { readSettings, resolveSearchPath } from "./read-settings.ts";
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
const SECTION_COUNT = 20;

async function readSnapshot(
  runner: SectionRunner,
  capturedAtMs: number,
  workloadSql: string | undefined,
): Promise<DatabaseSnapshot> {
  const version = await runner.required("the server's version", readVersion);
  const server = await runner.required("the server", (read) => readServer(read, version));
  const sizeBytes = await runner.optional("the database's size", readDatabaseSize, {
    what: "sizes",
    fallback: null,
  });
  const { settings, roleSettings } = await runner.optional("settings", readSettings, {
    what: "settings",
    fallback: { settings: [], roleSettings: [] },
  });
  const schemas = await runner.required("schemas", (read) =>
    read<{ readonly name: string; readonly is_usable: boolean }>(SCHEMAS_SQL),
  );
  const definitions = await readDefinitions(runner, version.number);
  const schema = await readSchema(runner, version.number);
  const { workload, hidden } = await readWorkload(runner, server.role, workloadSql);
  return {
    schemaVersion: 1,
    capturedAtMs,
    values: "real",
    server: server.server,
    database: { ...server.database, sizeBytes },
    settings,
    schemas: schemas.map(({ name }) => name),
    searchPath: resolveSearchPath(
      settings.find(({ name }) => name === "search_path")?.value ?? '"$user", public',
      server.sessionRole,
      new Set(schemas.filter((each) => each.is_usable).map(({ name }) => name)),
    ),
    roleSettings,
    ...definitions,
    relations: schema.relations.map(({ relation }) => relation),
    views: schema.views,
    constraints: schema.constraints,
    indexes: schema.indexes,
    columnStatistics: schema.columnStatistics,
    extendedStatistics: schema.extendedStatistics.map(({ statistics }) => statistics),
    workload,
    visibility: {
      role: server.role,
      isSuperuser: server.isSuperuser,
      hidden: [
        ...hiddenColumnStatistics(schema.relations, server.role),
        ...hiddenByRowSecurity(schema.relations),
        ...hiddenExtendedStatistics(schema.extendedStatistics),
        ...hiddenExpressionStatistics(schema.hiddenIndexes, server.role),
        ...schema.locked,
        ...hidden,
        ...runner.hidden,
      ],
    },
  };
}

async function readDatabaseSize(read: Read): Promise<number | null> {
  const [row] = await read<{ readonly size_bytes: number | null }>(DATABASE_SIZE_SQL);
  return row?.size_bytes ?? null;
}

async function readDefinitions(
  runner: SectionRunner,
  versionNumber: number,
): Promise<Pick<DatabaseSnapshot, "extensions" | "types" | "collations" | "functions">> {
  const section = { what: "definitions", fallback: [] } as const;
  const extensions = await runner.optional<DatabaseSnapshot["extensions"]>(
    "extensions",
    (read) => read(EXTENSIONS_SQL),
    section,
  );
  const types = await runner.optional<DatabaseSnapshot["types"]>("types", readTypes, section);
  const collations = await runner.optional<readonly UserCollation[]>(
    "collations",
    (read) => readCollations(read, { versionNumber, lockedOids: [] }),
    section,
  );
  // A body in standard SQL locks the tables that it names.
  const functions = await runner.optional<DatabaseSnapshot["functions"]>(
    "functions",
    readFunctions,
    { ...section, ownTransaction: true },
  );
  return { extensions, types, collations, functions };
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

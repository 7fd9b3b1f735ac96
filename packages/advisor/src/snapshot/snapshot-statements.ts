import { transactionPreamble } from "../session/read-only-session.ts";
import { constraintsSql } from "./sql/constraint-sql.ts";
import { indexKeysSql, indexActivitySql, indexesSql } from "./sql/index-sql.ts";
import {
  columnsSql,
  PARENTS_SQL,
  relationsSql,
  sizesSql,
  TABLE_ACTIVITY_SQL,
  viewsSql,
} from "./sql/relation-sql.ts";
import {
  DATABASE_SIZE_SQL,
  EXTENSIONS_SQL,
  PROVIDER_ROLES_SQL,
  SCHEMAS_SQL,
  serverSql,
  VERSION_SQL,
} from "./sql/server-sql.ts";
import { ROLE_SETTINGS_SQL, SETTINGS_SQL } from "./sql/settings-sql.ts";
import { columnStatisticsSql, extendedStatisticsSql } from "./sql/statistics-sql.ts";
import { collationsSql, FUNCTIONS_SQL, TYPES_SQL } from "./sql/type-sql.ts";
import type { SqlScope } from "./sql/user-objects.ts";
import { LOCKED_RELATIONS_SQL } from "./sql/lock-sql.ts";
import { recordedWorkloadSql, WORKLOAD_SOURCE_SQL } from "./sql/workload-sql.ts";

/** A statement that a snapshot sends. */
export interface SnapshotStatement {
  /** What it is for, for a person. */
  readonly purpose: string;
  /** `server_version_num` from which on this form is used. */
  readonly minimumVersion: number;
  readonly text: string;
}

const MAJOR_VERSIONS = [140_000, 150_000, 160_000, 170_000, 180_000];

const PURPOSES: readonly (readonly [purpose: string, sql: (scope: SqlScope) => string])[] = [
  ["the server's version", () => VERSION_SQL],
  ["the server, the database and the role", serverSql],
  ["the database's size", () => DATABASE_SIZE_SQL],
  [
    "settings that differ from their defaults, and what the planner's costs rest on",
    () => SETTINGS_SQL,
  ],
  ["settings of roles and of the database", () => ROLE_SETTINGS_SQL],
  ["tables under an exclusive lock, to be left alone", () => LOCKED_RELATIONS_SQL],
  ["extensions", () => EXTENSIONS_SQL],
  ["schemas", () => SCHEMAS_SQL],
  ["enums, domains, composite and range types", () => TYPES_SQL],
  ["collations", collationsSql],
  ["functions that indexes, columns and queries use", () => FUNCTIONS_SQL],
  ["tables: row and page counts of the last analyze", relationsSql],
  ["columns", columnsSql],
  ["partitions and inheritance", () => PARENTS_SQL],
  ["constraints", constraintsSql],
  ["indexes", indexesSql],
  ["keys of indexes", indexKeysSql],
  ["sizes on disk of tables and indexes", sizesSql],
  ["scans and writes per table since the statistics were reset", () => TABLE_ACTIVITY_SQL],
  ["scans per index since the statistics were reset", indexActivitySql],
  ["planner statistics of columns", columnStatisticsSql],
  ["extended statistics", extendedStatisticsSql],
  ["definitions of views", viewsSql],
  ["where pg_stat_statements is installed", () => WORKLOAD_SOURCE_SQL],
  [
    "the workload, where pg_stat_statements is installed (in the schema that the statement before found)",
    () => recordedWorkloadSql({ view: "public.pg_stat_statements", hasExecutionTimes: true }),
  ],
  ["who runs the server, where pg_stat_statements is not installed", () => PROVIDER_ROLES_SQL],
];

/**
 * Every statement that a snapshot sends, in order, without sending it. Each transaction begins with {@link transactionPreamble}.
 *
 * @param versionNumber - `server_version_num`; without it every form for PostgreSQL 14 to 18 is listed
 */
export function snapshotStatements(versionNumber?: number): readonly SnapshotStatement[] {
  const preamble = transactionPreamble().map((text) => ({
    purpose: "opens every transaction, read-only and with timeouts that end with it",
    minimumVersion: MAJOR_VERSIONS[0] ?? 0,
    text,
  }));
  const versions = versionNumber === undefined ? MAJOR_VERSIONS : [versionNumber];
  const reads = PURPOSES.flatMap(([purpose, sql]) => {
    const texts = new Map<string, number>();
    for (const version of versions) {
      const text = sql({ versionNumber: version, lockedOids: [] });
      if (!texts.has(text)) texts.set(text, version);
    }
    return [...texts].map(([text, minimumVersion]) => ({ purpose, minimumVersion, text }));
  });
  const ends = (["COMMIT", "ROLLBACK"] as const).map((text) => ({
    purpose: text === "COMMIT" ? "ends a transaction" : "ends the last one, or one that failed",
    minimumVersion: MAJOR_VERSIONS[0] ?? 0,
    text,
  }));
  return [...preamble, ...reads, ...ends];
}

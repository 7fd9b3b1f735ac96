import type { Read } from "../session/read-only-session.ts";
import type { DatabaseFacts, ServerFacts } from "./database-snapshot.ts";
import { ServerTooOldError } from "./snapshot-errors.ts";
import { serverSql, VERSION_SQL } from "./sql/server-sql.ts";

/** PostgreSQL 14: older servers lack `toplevel`, multiranges and never-analysed -1. */
const OLDEST_VERSION_NUMBER = 140_000;

export interface ServerVersion {
  readonly version: string;
  readonly number: number;
}

/** @throws {ServerTooOldError} for a server before PostgreSQL 14 */
export async function readVersion(read: Read): Promise<ServerVersion> {
  const [version] = await read<ServerVersion>(VERSION_SQL);
  if (version === undefined) throw new Error("the server did not tell its version");
  if (version.number < OLDEST_VERSION_NUMBER) {
    throw new ServerTooOldError(version.version, version.number);
  }
  return version;
}

interface ServerRow {
  readonly is_in_recovery: boolean;
  readonly block_size_bytes: number;
  readonly statistics_reset_at_ms: number | null;
  readonly started_at_ms: number | null;
  readonly name: string;
  readonly encoding: string;
  readonly collation_provider: DatabaseFacts["collationProvider"];
  readonly collation: string;
  readonly role: string;
  readonly session_role: string;
  readonly is_superuser: boolean | null;
}

export interface ServerSection {
  readonly server: ServerFacts;
  readonly database: Omit<DatabaseFacts, "sizeBytes">;
  readonly role: string;
  readonly sessionRole: string;
  readonly isSuperuser: boolean;
}

export async function readServer(read: Read, version: ServerVersion): Promise<ServerSection> {
  const [row] = await read<ServerRow>(serverSql({ versionNumber: version.number, lockedOids: [] }));
  if (row === undefined) throw new Error("the server does not list its own database");
  return {
    server: {
      version: version.version,
      versionNumber: version.number,
      isInRecovery: row.is_in_recovery,
      blockSizeBytes: row.block_size_bytes,
      statisticsResetAtMs: row.statistics_reset_at_ms,
      startedAtMs: row.started_at_ms,
    },
    database: {
      name: row.name,
      encoding: row.encoding,
      collationProvider: row.collation_provider,
      collation: row.collation,
      isByteOrdered: isByteOrdered(row.collation_provider, row.collation),
    },
    role: row.role,
    sessionRole: row.session_role,
    isSuperuser: row.is_superuser === true,
  };
}

/** Source: PostgreSQL 18, `collate_is_c` in src/backend/utils/adt/pg_locale_{libc,builtin,icu}.c */
function isByteOrdered(provider: DatabaseFacts["collationProvider"], collation: string): boolean {
  if (provider === "b") return true;
  return provider === "c" && (collation === "C" || collation === "POSIX");
}

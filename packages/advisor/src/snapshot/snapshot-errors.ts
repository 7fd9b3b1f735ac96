import { UpshiftError } from "@upshift/foundation";

/** The server is older than what the advisor can read: PostgreSQL 14. */
export class ServerTooOldError extends UpshiftError {
  readonly code = "UPSHIFT_SERVER_TOO_OLD" as const;

  constructor(version: string, versionNumber: number) {
    super(
      `The server is PostgreSQL ${version}; Upshift reads PostgreSQL 14 and newer. Upgrade the server, or point Upshift at a newer copy of the database.`,
      { details: { versionNumber } },
    );
  }
}

/** Without this part there is no snapshot: which relations and columns exist, and what server this is. */
export class SnapshotFailedError extends UpshiftError {
  readonly code = "UPSHIFT_SNAPSHOT_FAILED" as const;

  constructor(section: string, reason: string, sqlState: string | null) {
    super(`Could not read ${section} of the database: ${reason}`, {
      details: { section, sqlState },
    });
  }
}

/** The connection ended while the database was being read. */
export class ConnectionLostError extends UpshiftError {
  readonly code = "UPSHIFT_CONNECTION_LOST" as const;

  constructor(section: string, cause: unknown) {
    super(
      `The connection to the database was lost while reading ${section}. Nothing was written; run it again.`,
      { cause, details: { section } },
    );
  }
}

/** A snapshot file that cannot be used: not JSON, another version, or parts missing. */
export class SnapshotUnreadableError extends UpshiftError {
  readonly code = "UPSHIFT_SNAPSHOT_UNREADABLE" as const;

  /** @param reason - what is wrong with it and what to do, a sentence; no value from the file beyond its version */
  constructor(reason: string, options: { readonly cause?: unknown } = {}) {
    super(`The snapshot cannot be read: ${reason}`, options);
  }
}

/** Why a section could not be read. */
export interface SectionFailure {
  readonly kind: "permission" | "timeout" | "lock" | "other";
  /** PostgreSQL's own message; it names objects, never row values, as these statements read catalogs only. */
  readonly message: string;
  readonly sqlState: string | null;
}

const KIND_BY_SQL_STATE: Readonly<Record<string, SectionFailure["kind"]>> = {
  "42501": "permission",
  "57014": "timeout",
  "55P03": "lock",
};

export function describeFailure(error: unknown): SectionFailure {
  const sqlState = sqlStateOf(error);
  const message = error instanceof Error ? error.message : String(error);
  return { kind: KIND_BY_SQL_STATE[sqlState ?? ""] ?? "other", message, sqlState };
}

/** Class 08, a server that is going away, or an error that carries no SQLSTATE because it came from the socket. */
export function isConnectionLoss(error: unknown): boolean {
  const sqlState = sqlStateOf(error);
  if (sqlState !== null) return /^(?:08|57P|25P03)/.test(sqlState);
  if (!(error instanceof Error)) return false;
  return (
    ("code" in error && typeof error.code === "string" && /^E[A-Z]+$/.test(error.code)) ||
    /connection (?:terminated|ended|closed|error)|not queryable|closed the connection/i.test(
      error.message,
    )
  );
}

/** The SQLSTATE of an error that a database answered with; `null` for any other error. */
export function sqlStateOf(error: unknown): string | null {
  if (!(error instanceof Error) || !("code" in error) || typeof error.code !== "string")
    return null;
  // EPIPE has the shape of a SQLSTATE, but no class of SQLSTATEs starts with E.
  return /^(?!E)[0-9A-Z]{5}$/.test(error.code) ? error.code : null;
}

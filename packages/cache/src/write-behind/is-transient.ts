/** Failures of Node.js to reach something. */
const SYSTEM_CODES = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "EAI_AGAIN",
]);

/** Of upshift itself: a pool without a free connection, a server that does not answer, a transaction that was rolled back for no fault of its own. */
const UPSHIFT_CODES =
  /^UPSHIFT_(?:POOL_TIMEOUT|POOL_CLOSED|CONNECT_TIMEOUT|CONNECTION_HUNG|STATEMENT_TIMEOUT|TRANSACTION_TIMEOUT|COMMIT_UNKNOWN|REDIS_\w+|WRITE_BEHIND_\w+)$/;

/**
 * SQLSTATE: lost connections (08), rollbacks such as deadlocks (40, other than a constraint: 40002), no resources (53), locks not available (55P03), cancelled, shut down or starting (57), I/O
 * (58).
 *
 * Source: PostgreSQL 18, appendix A
 */
const SQL_STATES = /^(?:08...|40(?!002)...|53...|55P03|57...|58...)$/;

/** What `pg` throws without a code when a connection ends or none is made. */
const PG_MESSAGES =
  /^(?:Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error)/;

const LONGEST_CHAIN = 5;

/** True for a failure that says nothing against the rows: it, or what caused it, is one of reaching or running the server. */
export function isTransient(error: unknown): boolean {
  let current = error;
  for (let depth = 0; depth < LONGEST_CHAIN && current instanceof Error; depth += 1) {
    const code = codeOf(current);
    if (code === undefined ? PG_MESSAGES.test(current.message) : isTransientCode(code)) return true;
    current = current.cause;
  }
  return false;
}

/** True when the error is about a row: there is no use in trying the same rows again together. SQLSTATE classes 22 (data) and 23 (constraints). */
export function isRowError(error: unknown): boolean {
  const code = codeOf(error);
  return code !== undefined && (code === "UPSHIFT_BAD_ROW" || /^2[23][0-9A-Z]{3}$/.test(code));
}

/** The code of an error, or its name: what may be kept and shown of it. */
export function errorCode(error: unknown): string {
  return codeOf(error) ?? (error instanceof Error ? error.name : "unknown");
}

function isTransientCode(code: string): boolean {
  return SYSTEM_CODES.has(code) || UPSHIFT_CODES.test(code) || SQL_STATES.test(code);
}

function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

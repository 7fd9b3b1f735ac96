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

/** Of upshift itself: a pool without a free connection, a server that does not answer, a Redis out of reach. */
const UPSHIFT_CODES =
  /^UPSHIFT_(?:POOL_TIMEOUT|POOL_CLOSED|CONNECT_TIMEOUT|CONNECTION_HUNG|COMMIT_UNKNOWN|REDIS_\w+|WRITE_BEHIND_(?:CLOSED|LEASE_LOST))$/;

/**
 * SQLSTATE: lost connections (08), no resources (53), shut down or starting (57P0x), I/O (58).
 *
 * Source: PostgreSQL 18, appendix A
 */
const SQL_STATES = /^(?:08...|53...|57P..|58...)$/;

/** It took too long, waited for a lock, or was the victim of a deadlock: 40 (other than a constraint: 40002), 55P03, 57014. */
const IN_THE_WAY =
  /^(?:40(?!002)...|55P03|57014|UPSHIFT_(?:WRITE_BEHIND_TIMEOUT|STATEMENT_TIMEOUT|TRANSACTION_TIMEOUT))$/;

/** What `pg` throws without a code when a connection ends or none is made. */
const PG_MESSAGES =
  /^(?:Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error)/;

const LONGEST_CHAIN = 5;

/** True for a failure that says nothing against the rows: it, or what caused it, is one of reaching or running the server. */
export function isTransient(error: unknown): boolean {
  return causes(error).some((each) => {
    const code = codeOf(each);
    if (code === undefined) return PG_MESSAGES.test(each.message);
    return SYSTEM_CODES.has(code) || UPSHIFT_CODES.test(code) || SQL_STATES.test(code);
  });
}

/** True when something was in the way of one of the rows, such as the lock of a long transaction. Nothing is wrong with it, and the others need not wait. */
export function isInTheWay(error: unknown): boolean {
  return causes(error).some((each) => IN_THE_WAY.test(codeOf(each) ?? ""));
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

function causes(error: unknown): readonly Error[] {
  const chain: Error[] = [];
  for (let each = error; each instanceof Error && chain.length < LONGEST_CHAIN; each = each.cause)
    chain.push(each);
  return chain;
}

function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

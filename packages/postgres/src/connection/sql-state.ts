/**
 * The five-character SQLSTATE of an error from the server, as pg, PGlite and postgres.js carry it, also where a query builder has wrapped the driver's error as a `cause`.
 */
export function sqlState(error: unknown): string | undefined {
  return stateWithin(error, DEEPEST_CAUSE);
}

/** Causes may lead back to where they began. */
const DEEPEST_CAUSE = 8;

function stateWithin(error: unknown, depth: number): string | undefined {
  if (!(error instanceof Error) || depth === 0) return undefined;
  const code = "code" in error ? error.code : undefined;
  if (typeof code === "string" && SQL_STATE.test(code) && !isPrisma(error)) return code;
  return stateWithin(error.cause, depth - 1) ?? stateUnderPrisma(error);
}

const SQL_STATE = /^[0-9A-Z]{5}$/;

/** Prisma's own codes, `P2010`, look like a SQLSTATE. */
function isPrisma(error: Error): boolean {
  return "clientVersion" in error;
}

/** Where the client of Prisma 7 keeps what the driver said: `meta.driverAdapterError.cause.originalCode`. */
function stateUnderPrisma(error: Error): string | undefined {
  let place: unknown = error;
  for (const name of ["meta", "driverAdapterError", "cause", "originalCode"]) {
    if (!isRecord(place)) return undefined;
    place = place[name];
  }
  return typeof place === "string" && SQL_STATE.test(place) ? place : undefined;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

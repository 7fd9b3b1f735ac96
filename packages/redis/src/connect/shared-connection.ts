import { InvalidArgumentError } from "@upshift/foundation";

/** They change the connection for everybody who sends on it: its database, its user, its protocol, a transaction that others' commands would fall into. */
const CHANGE =
  "SELECT MULTI EXEC DISCARD WATCH UNWATCH AUTH HELLO RESET QUIT MONITOR SUBSCRIBE UNSUBSCRIBE PSUBSCRIBE PUNSUBSCRIBE SSUBSCRIBE SUNSUBSCRIBE";
/** Everything behind them waits with them. */
const BLOCK = "BLPOP BRPOP BLMOVE BRPOPLPUSH BLMPOP BZPOPMIN BZPOPMAX BZMPOP";

const UPPER_CASE = `${CHANGE} ${BLOCK}`.split(" ");
const REFUSED: ReadonlySet<string> = new Set(
  UPPER_CASE.concat(UPPER_CASE.map((name) => name.toLowerCase())),
);

/** @returns why a command must not go through a connection that is shared; `undefined` when it may */
export function refusalOfShared(command: string): InvalidArgumentError | undefined {
  if (!REFUSED.has(command)) return undefined;
  return new InvalidArgumentError(
    "a command that leaves the shared connection as it is (`dedicate()` has one of its own, `subscribe()` subscribes)",
    command,
  );
}

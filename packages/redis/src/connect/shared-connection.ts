import { InvalidArgumentError } from "@upshift/foundation";
import type { Command } from "./link.ts";

/** They change the connection for everybody who sends on it: its database, its user, its protocol, a transaction that others' commands would fall into. */
const CHANGE =
  "SELECT MULTI EXEC DISCARD WATCH UNWATCH AUTH HELLO RESET QUIT MONITOR SUBSCRIBE UNSUBSCRIBE PSUBSCRIBE PUNSUBSCRIBE SSUBSCRIBE SUNSUBSCRIBE";
/** Everything behind them waits with them. */
const BLOCK = "BLPOP BRPOP BLMOVE BRPOPLPUSH BLMPOP BZPOPMIN BZPOPMAX BZMPOP";

const UPPER_CASE = `${CHANGE} ${BLOCK}`.split(" ");
const REFUSED: ReadonlySet<string> = new Set(
  UPPER_CASE.concat(UPPER_CASE.map((name) => name.toLowerCase())),
);

/** CLIENT REPLY takes others' replies away, CLIENT TRACKING and CACHING add messages to them; XREAD may block. */
const SOMETIMES: Readonly<Record<string, RegExp>> = {
  CLIENT: /^(?:REPLY|TRACKING|CACHING)$/i,
  XREAD: /^BLOCK$/i,
  XREADGROUP: /^BLOCK$/i,
};
/** The longest way to BLOCK is XREADGROUP GROUP group consumer COUNT count NOACK BLOCK; after it come keys. */
const MOST_WORDS = 8;

/** @returns why a command must not go through a connection that is shared; `undefined` when it may */
export function refusalOfShared(command: Command): InvalidArgumentError | undefined {
  const [name] = command;
  if (typeof name !== "string") return undefined;
  if (!REFUSED.has(name) && !isRefusedByItsWords(command)) return undefined;
  return new InvalidArgumentError(
    "a command that leaves the shared connection as it is (`dedicate()` has one of its own, `subscribe()` subscribes)",
    name,
  );
}

function isRefusedByItsWords(command: Command): boolean {
  const first = command[0].charCodeAt(0);
  // C, c, X and x: this is asked for every command.
  if (first !== 67 && first !== 99 && first !== 88 && first !== 120) return false;
  const words = SOMETIMES[command[0].toUpperCase()];
  if (words === undefined) return false;
  for (const word of command.slice(1, MOST_WORDS)) {
    if (typeof word !== "string") continue;
    if (/^STREAMS$/i.test(word)) break;
    if (words.test(word)) return true;
  }
  return false;
}

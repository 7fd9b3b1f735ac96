import { globToRegExp } from "../glob.ts";
import { CommandError, OK, type ServerReply, SYNTAX_ERROR } from "../server-reply.ts";
import type { CommandArguments, CommandContext, Commands, RunCommand } from "./command.ts";

const remove: RunCommand = (args, { keyspace }) =>
  args.rest().filter((key) => keyspace.delete(key)).length;

const exists: RunCommand = (args, { keyspace }) =>
  args.rest().filter((key) => keyspace.has(key)).length;

const clear: RunCommand = (_, { keyspace }) => {
  keyspace.clear();
  return OK;
};

export const keyCommands: Commands = {
  DBSIZE: { least: 0, most: 0, run: (_, { keyspace }) => keyspace.size },
  DEL: { least: 1, run: remove },
  EXISTS: { least: 1, run: exists },
  EXPIRE: { least: 2, run: (args, context) => expire(args, context, 1_000, true) },
  EXPIREAT: { least: 2, run: (args, context) => expire(args, context, 1_000, false) },
  EXPIRETIME: { least: 1, most: 1, run: (args, context) => timeOf(args, context, 1_000, false) },
  FLUSHALL: { least: 0, most: 1, run: clear },
  FLUSHDB: { least: 0, most: 1, run: clear },
  PERSIST: {
    least: 1,
    most: 1,
    run: (args, { keyspace }) => {
      const key = args.text();
      if (keyspace.expiresAtMs(key) === undefined) return 0;
      keyspace.expireAt(key, undefined);
      return 1;
    },
  },
  PEXPIRE: { least: 2, run: (args, context) => expire(args, context, 1, true) },
  PEXPIREAT: { least: 2, run: (args, context) => expire(args, context, 1, false) },
  PEXPIRETIME: { least: 1, most: 1, run: (args, context) => timeOf(args, context, 1, false) },
  PTTL: { least: 1, most: 1, run: (args, context) => timeOf(args, context, 1, true) },
  SCAN: { least: 1, run: (args, context) => scan(args, context) },
  TOUCH: { least: 1, run: exists },
  TTL: { least: 1, most: 1, run: (args, context) => timeOf(args, context, 1_000, true) },
  TYPE: { least: 1, most: 1, run: (args, { keyspace }) => ({ ok: keyspace.type(args.text()) }) },
  UNLINK: { least: 1, run: remove },
};

/** A signed number of 64 bits. */
const LARGEST_TIME = 2 ** 63;

function expire(
  args: CommandArguments,
  { keyspace }: CommandContext,
  unitMs: number,
  isRelative: boolean,
): ServerReply {
  const key = args.text();
  const atMs = args.integer() * unitMs + (isRelative ? keyspace.nowMs : 0);
  if (Math.abs(atMs) > LARGEST_TIME)
    throw new CommandError(`ERR invalid expire time in '${args.name.toLowerCase()}' command`);
  const conditions = new Set<string>();
  for (const word of ["NX", "XX", "GT", "LT"]) if (args.accept(word)) conditions.add(word);
  if (args.left > 0) throw new CommandError(`ERR Unsupported option ${args.text()}`);
  if (conditions.has("NX") && conditions.size > 1)
    throw new CommandError("ERR NX and XX, GT or LT options at the same time are not compatible");
  if (conditions.has("GT") && conditions.has("LT"))
    throw new CommandError("ERR GT and LT options at the same time are not compatible");
  if (!keyspace.has(key)) return 0;
  const before = keyspace.expiresAtMs(key);
  // A key without an expiry counts as one that never ends.
  const beforeMs = before ?? Number.POSITIVE_INFINITY;
  if (conditions.has("NX") && before !== undefined) return 0;
  if (conditions.has("XX") && before === undefined) return 0;
  if (conditions.has("GT") && atMs <= beforeMs) return 0;
  if (conditions.has("LT") && atMs >= beforeMs) return 0;
  if (atMs <= keyspace.nowMs) keyspace.delete(key);
  else keyspace.expireAt(key, atMs);
  return 1;
}

function timeOf(
  args: CommandArguments,
  { keyspace }: CommandContext,
  unitMs: number,
  isRelative: boolean,
): ServerReply {
  const key = args.text();
  if (!keyspace.has(key)) return -2;
  const atMs = keyspace.expiresAtMs(key);
  if (atMs === undefined) return -1;
  return Math.round((atMs - (isRelative ? keyspace.nowMs : 0)) / unitMs);
}

function scan(args: CommandArguments, { keyspace }: CommandContext): ServerReply {
  const cursor = args.integer("ERR invalid cursor");
  let pattern: RegExp | undefined;
  let type: string | undefined;
  let count = 10;
  while (args.left > 0) {
    if (args.accept("MATCH")) pattern = globToRegExp(args.text());
    else if (args.accept("COUNT")) count = args.integer();
    else if (args.accept("TYPE")) type = args.text().toLowerCase();
    else throw new CommandError(SYNTAX_ERROR);
  }
  if (count < 1) throw new CommandError(SYNTAX_ERROR);
  const { keys, next } = keyspace.scan(cursor, count);
  const found = keys.filter(
    (key) =>
      (pattern === undefined || pattern.test(key)) &&
      (type === undefined || keyspace.type(key) === type),
  );
  return [String(next), found];
}

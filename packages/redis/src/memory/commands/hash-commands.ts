import { addDecimals, addIntegers, parseFloatStrictly, parseInteger } from "../decimal.ts";
import { CommandError, OK, type ServerReply } from "../server-reply.ts";
import type { CommandArguments, CommandContext, Commands } from "./command.ts";

export const hashCommands: Commands = {
  HDEL: {
    least: 2,
    run: (args, { keyspace }) => {
      const key = args.text();
      const hash = keyspace.get(key, "hash");
      const removed = args.rest().filter((field) => hash?.delete(field) === true).length;
      keyspace.tidy(key);
      return removed;
    },
  },
  HEXISTS: {
    least: 2,
    most: 2,
    run: (args, context) => (read(args, context).has(args.text()) ? 1 : 0),
  },
  HGET: { least: 2, most: 2, run: (args, context) => read(args, context).get(args.text()) ?? null },
  HGETALL: { least: 1, most: 1, run: (args, context) => [...read(args, context)].flat() },
  HINCRBY: {
    least: 3,
    most: 3,
    run: (args, { keyspace }) => {
      const hash = keyspace.get(args.text(), "hash") ?? new Map<string, string>();
      const field = args.text();
      const before = parseInteger(hash.get(field) ?? "0", "ERR hash value is not an integer");
      return Number(
        store(args, { keyspace }, field, addIntegers(before, args.bigint()).toString()),
      );
    },
  },
  HINCRBYFLOAT: {
    least: 3,
    most: 3,
    run: (args, { keyspace }) => {
      const key = args.text();
      const field = args.text();
      const by = args.text();
      if (/inf/i.test(by)) throw new CommandError("ERR value is NaN or Infinity");
      parseFloatStrictly(by);
      const before = keyspace.get(key, "hash")?.get(field) ?? "0";
      parseFloatStrictly(before, "ERR hash value is not a float");
      return store(args, { keyspace }, field, addDecimals(before, by));
    },
  },
  HKEYS: { least: 1, most: 1, run: (args, context) => [...read(args, context).keys()] },
  HLEN: { least: 1, most: 1, run: (args, context) => read(args, context).size },
  HMGET: {
    least: 2,
    run: (args, context) => {
      const hash = read(args, context);
      return args.rest().map((field) => hash.get(field) ?? null);
    },
  },
  HMSET: {
    least: 3,
    run: (args, context) => {
      setFields(args, context);
      return OK;
    },
  },
  HSET: { least: 3, run: setFields },
  HSETNX: {
    least: 3,
    most: 3,
    run: (args, { keyspace }) => {
      const hash = keyspace.open(args.text(), "hash");
      const field = args.text();
      if (hash.has(field)) return 0;
      hash.set(field, args.text());
      return 1;
    },
  },
  HSTRLEN: {
    least: 2,
    most: 2,
    run: (args, context) => read(args, context).get(args.text())?.length ?? 0,
  },
  HVALS: { least: 1, most: 1, run: (args, context) => [...read(args, context).values()] },
};

function read(args: CommandArguments, { keyspace }: CommandContext): ReadonlyMap<string, string> {
  return keyspace.get(args.text(), "hash") ?? new Map();
}

function setFields(args: CommandArguments, { keyspace }: CommandContext): ServerReply {
  const key = args.text();
  const pairs = args.pairs();
  const hash = keyspace.open(key, "hash");
  const before = hash.size;
  for (const [field, value] of pairs) hash.set(field, value);
  return hash.size - before;
}

function store(
  args: CommandArguments,
  { keyspace }: Pick<CommandContext, "keyspace">,
  field: string,
  value: string,
): string {
  keyspace.open(args.first, "hash").set(field, value);
  return value;
}

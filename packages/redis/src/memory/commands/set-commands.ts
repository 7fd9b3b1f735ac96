import type { CommandArguments, CommandContext, Commands } from "./command.ts";

export const setCommands: Commands = {
  SADD: {
    least: 2,
    run: (args, { keyspace }) => {
      const set = keyspace.open(args.text(), "set");
      const before = set.size;
      for (const member of args.rest()) set.add(member);
      return set.size - before;
    },
  },
  SCARD: { least: 1, most: 1, run: (args, context) => read(args, context).size },
  SISMEMBER: {
    least: 2,
    most: 2,
    run: (args, context) => (read(args, context).has(args.text()) ? 1 : 0),
  },
  SMEMBERS: { least: 1, most: 1, run: (args, context) => [...read(args, context)] },
  SMISMEMBER: {
    least: 2,
    run: (args, context) => {
      const set = read(args, context);
      return args.rest().map((member) => (set.has(member) ? 1 : 0));
    },
  },
  SPOP: {
    least: 1,
    most: 2,
    run: (args, { keyspace, random }) => {
      const key = args.text();
      const isSingle = args.left === 0;
      const count = isSingle ? 1 : args.integer();
      const set = keyspace.get(key, "set");
      const members = [...(set ?? [])];
      const popped: string[] = [];
      while (members.length > 0 && popped.length < count)
        popped.push(...members.splice(Math.floor(random() * members.length), 1));
      for (const member of popped) set?.delete(member);
      keyspace.tidy(key);
      return isSingle ? (popped[0] ?? null) : popped;
    },
  },
  SREM: {
    least: 2,
    run: (args, { keyspace }) => {
      const key = args.text();
      const set = keyspace.get(key, "set");
      const removed = args.rest().filter((member) => set?.delete(member) === true).length;
      keyspace.tidy(key);
      return removed;
    },
  },
};

function read(args: CommandArguments, { keyspace }: CommandContext): ReadonlySet<string> {
  return keyspace.get(args.text(), "set") ?? new Set();
}

import type { Keyspace } from "../keyspace.ts";
import { CommandError, OK, type ServerReply, SYNTAX_ERROR } from "../server-reply.ts";
import {
  type CommandArguments,
  type CommandContext,
  type Commands,
  type RunCommand,
  toRange,
} from "./command.ts";

type Side = "left" | "right";

export const listCommands: Commands = {
  BLMOVE: { least: 5, most: 5, run: (args, context) => move(args, context) ?? undefined },
  BLPOP: { least: 2, run: (args, context) => blockingPop(args, context, "left") },
  BRPOP: { least: 2, run: (args, context) => blockingPop(args, context, "right") },
  LINDEX: {
    least: 2,
    most: 2,
    run: (args, context) => read(args, context).at(args.integer()) ?? null,
  },
  LLEN: { least: 1, most: 1, run: (args, context) => read(args, context).length },
  LMOVE: { least: 4, most: 4, run: (args, context) => move(args, context) },
  LPOP: { least: 1, most: 2, run: pop("left") },
  LPUSH: { least: 2, run: push("left") },
  LRANGE: {
    least: 3,
    most: 3,
    run: (args, context) => {
      const list = read(args, context);
      return list.slice(...toRange(args.integer(), args.integer(), list.length));
    },
  },
  LREM: {
    least: 3,
    most: 3,
    run: (args, { keyspace }) => {
      const key = args.text();
      const count = args.integer();
      const value = args.text();
      const list = keyspace.get(key, "list") ?? [];
      let removed = 0;
      const most = count === 0 ? list.length : Math.abs(count);
      while (removed < most) {
        const index = count < 0 ? list.lastIndexOf(value) : list.indexOf(value);
        if (index < 0) break;
        list.splice(index, 1);
        removed += 1;
      }
      keyspace.tidy(key);
      return removed;
    },
  },
  LSET: {
    least: 3,
    most: 3,
    run: (args, { keyspace }) => {
      const list = keyspace.get(args.text(), "list");
      if (list === undefined) throw new CommandError("ERR no such key");
      const index = args.integer();
      const at = index < 0 ? list.length + index : index;
      if (at < 0 || at >= list.length) throw new CommandError("ERR index out of range");
      list[at] = args.text();
      return OK;
    },
  },
  LTRIM: {
    least: 3,
    most: 3,
    run: (args, { keyspace }) => {
      const key = args.text();
      const list = keyspace.get(key, "list") ?? [];
      const [start, end] = toRange(args.integer(), args.integer(), list.length);
      list.splice(end);
      list.splice(0, start);
      keyspace.tidy(key);
      return OK;
    },
  },
  RPOP: { least: 1, most: 2, run: pop("right") },
  RPUSH: { least: 2, run: push("right") },
};

function read(args: CommandArguments, { keyspace }: CommandContext): readonly string[] {
  return keyspace.get(args.text(), "list") ?? [];
}

function push(side: Side): RunCommand {
  return (args, { keyspace }) => {
    const list = keyspace.open(args.text(), "list");
    for (const value of args.rest())
      if (side === "left") list.unshift(value);
      else list.push(value);
    return list.length;
  };
}

function take(keyspace: Keyspace, key: string, side: Side): string | undefined {
  const list = keyspace.get(key, "list");
  const value = side === "left" ? list?.shift() : list?.pop();
  keyspace.tidy(key);
  return value;
}

function pop(side: Side): RunCommand {
  return (args, { keyspace }) => {
    const key = args.text();
    if (args.left === 0) return take(keyspace, key, side) ?? null;
    const count = args.integer();
    const length = keyspace.get(key, "list")?.length ?? 0;
    if (length === 0) return null;
    return Array.from({ length: Math.min(count, length) }, () => take(keyspace, key, side) ?? null);
  };
}

function blockingPop(
  args: CommandArguments,
  { keyspace }: CommandContext,
  side: Side,
): ServerReply | undefined {
  for (const key of args.rest().slice(0, -1)) {
    const value = take(keyspace, key, side);
    if (value !== undefined) return [key, value];
  }
  return undefined;
}

function move(args: CommandArguments, { keyspace }: CommandContext): ServerReply {
  const [from, to] = [args.text(), args.text()];
  const [source, target] = [toSide(args.text()), toSide(args.text())];
  const list = keyspace.get(from, "list");
  if (list === undefined) return null;
  // The target is looked at before anything is taken.
  keyspace.get(to, "list");
  const value = (source === "left" ? list.shift() : list.pop()) ?? "";
  const other = keyspace.open(to, "list");
  if (target === "left") other.unshift(value);
  else other.push(value);
  // Last: a list of one that is turned in itself stays, and so does its expiry.
  keyspace.tidy(from);
  return value;
}

function toSide(word: string): Side {
  if (word.toUpperCase() === "LEFT") return "left";
  if (word.toUpperCase() === "RIGHT") return "right";
  throw new CommandError(SYNTAX_ERROR);
}

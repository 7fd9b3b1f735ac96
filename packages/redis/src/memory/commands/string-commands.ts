import { addDecimals, addIntegers, parseInteger } from "../decimal.ts";
import type { Keyspace } from "../keyspace.ts";
import { CommandError, OK, type ServerReply, SYNTAX_ERROR } from "../server-reply.ts";
import { type CommandArguments, type Commands, toRange } from "./command.ts";

export const stringCommands: Commands = {
  APPEND: {
    least: 2,
    most: 2,
    run: (args, { keyspace }) => {
      const key = args.text();
      const value = (keyspace.get(key, "string") ?? "") + args.text();
      keyspace.replaceString(key, value);
      return value.length;
    },
  },
  DECR: { least: 1, most: 1, run: (args, { keyspace }) => increment(keyspace, args.text(), -1n) },
  DECRBY: {
    least: 2,
    most: 2,
    run: (args, { keyspace }) => {
      const key = args.text();
      const by = args.bigint();
      if (by === -(2n ** 63n)) throw new CommandError("ERR decrement would overflow");
      return increment(keyspace, key, -by);
    },
  },
  GET: {
    least: 1,
    most: 1,
    run: (args, { keyspace }) => keyspace.get(args.text(), "string") ?? null,
  },
  GETDEL: {
    least: 1,
    most: 1,
    run: (args, { keyspace }) => {
      const key = args.text();
      const value = keyspace.get(key, "string") ?? null;
      keyspace.delete(key);
      return value;
    },
  },
  GETEX: {
    least: 1,
    run: (args, { keyspace }) => {
      const key = args.text();
      const value = keyspace.get(key, "string") ?? null;
      const isKept = args.left === 0;
      const expiry = args.accept("PERSIST") ? undefined : readExpiry(args, keyspace);
      args.done();
      if (value !== null && !isKept) keyspace.expireAt(key, expiry);
      return value;
    },
  },
  GETRANGE: {
    least: 3,
    most: 3,
    run: (args, { keyspace }) => {
      const value = keyspace.get(args.text(), "string") ?? "";
      const [from, to] = [args.integer(), args.integer()];
      if (from < 0 && to < 0 && from > to) return "";
      // Unlike other ranges, one that ends before the beginning ends at the first character.
      const end = to < 0 ? Math.max(0, value.length + to) : to;
      return value.slice(...toRange(from, end, value.length));
    },
  },
  INCR: { least: 1, most: 1, run: (args, { keyspace }) => increment(keyspace, args.text(), 1n) },
  INCRBY: {
    least: 2,
    most: 2,
    run: (args, { keyspace }) => increment(keyspace, args.text(), args.bigint()),
  },
  INCRBYFLOAT: {
    least: 2,
    most: 2,
    run: (args, { keyspace }) => {
      const key = args.text();
      const sum = addDecimals(keyspace.get(key, "string") ?? "0", args.text());
      keyspace.replaceString(key, sum);
      return sum;
    },
  },
  MGET: {
    least: 1,
    run: (args, { keyspace }) =>
      // A key of another type is nothing here, not an error.
      args
        .rest()
        .map((key) =>
          keyspace.type(key) === "string" ? (keyspace.get(key, "string") ?? null) : null,
        ),
  },
  MSET: {
    least: 2,
    run: (args, { keyspace }) => {
      for (const [key, value] of args.pairs()) keyspace.put(key, "string", value, undefined);
      return OK;
    },
  },
  PSETEX: { least: 3, most: 3, run: (args, { keyspace }) => setWithExpiry(args, keyspace, 1) },
  SET: { least: 2, run: (args, { keyspace }) => set(args, keyspace) },
  SETEX: { least: 3, most: 3, run: (args, { keyspace }) => setWithExpiry(args, keyspace, 1_000) },
  SETNX: {
    least: 2,
    most: 2,
    run: (args, { keyspace }) => {
      const key = args.text();
      if (keyspace.has(key)) return 0;
      keyspace.put(key, "string", args.text(), undefined);
      return 1;
    },
  },
  STRLEN: {
    least: 1,
    most: 1,
    run: (args, { keyspace }) => keyspace.get(args.text(), "string")?.length ?? 0,
  },
};

function set(args: CommandArguments, keyspace: Keyspace): ServerReply {
  const key = args.text();
  const value = args.text();
  let condition: "NX" | "XX" | undefined;
  let isGet = false;
  let isKept = false;
  let expiresAtMs: number | undefined;
  while (args.left > 0) {
    if (condition === undefined && args.accept("NX")) condition = "NX";
    else if (condition === undefined && args.accept("XX")) condition = "XX";
    else if (args.accept("GET")) isGet = true;
    else if (args.accept("KEEPTTL")) isKept = true;
    else if (expiresAtMs === undefined) expiresAtMs = readExpiry(args, keyspace);
    else throw new CommandError(SYNTAX_ERROR);
  }
  if (isKept && expiresAtMs !== undefined) throw new CommandError(SYNTAX_ERROR);
  const before = isGet ? (keyspace.get(key, "string") ?? null) : null;
  const isSet = condition === undefined || keyspace.has(key) === (condition === "XX");
  if (isSet) keyspace.put(key, "string", value, isKept ? keyspace.expiresAtMs(key) : expiresAtMs);
  if (isGet) return before;
  return isSet ? OK : null;
}

function readExpiry(args: CommandArguments, keyspace: Keyspace): number {
  const option = args.text().toUpperCase();
  const units: Readonly<Record<string, number>> = { EX: 1_000, PX: 1, EXAT: 1_000, PXAT: 1 };
  const unit = units[option];
  if (unit === undefined) throw new CommandError(SYNTAX_ERROR);
  const time = args.integer() * unit;
  if (time <= 0)
    throw new CommandError(`ERR invalid expire time in '${args.name.toLowerCase()}' command`);
  return option.endsWith("AT") ? time : keyspace.nowMs + time;
}

function setWithExpiry(args: CommandArguments, keyspace: Keyspace, unitMs: number): ServerReply {
  const key = args.text();
  const time = args.integer() * unitMs;
  if (time <= 0)
    throw new CommandError(`ERR invalid expire time in '${args.name.toLowerCase()}' command`);
  keyspace.put(key, "string", args.text(), keyspace.nowMs + time);
  return OK;
}

function increment(keyspace: Keyspace, key: string, by: bigint): ServerReply {
  const sum = addIntegers(parseInteger(keyspace.get(key, "string") ?? "0"), by);
  keyspace.replaceString(key, sum.toString());
  return Number(sum);
}

import { scoreText } from "../decimal.ts";
import { CommandError, type ServerReply } from "../server-reply.ts";
import { type Ranked, SortedSet } from "../values/sorted-set.ts";
import {
  type CommandArguments,
  type CommandContext,
  type Commands,
  type RunCommand,
  toRange,
} from "./command.ts";
import { byMember, byScore, readRangeOptions, type Within } from "./score-range.ts";
import { addScores } from "./zadd.ts";

export const sortedSetCommands: Commands = {
  ZADD: { least: 3, run: addScores },
  ZCARD: { least: 1, most: 1, run: (args, context) => read(args, context).size },
  ZCOUNT: {
    least: 3,
    most: 3,
    run: (args, context) =>
      read(args, context).slice().filter(byScore(args.text(), args.text())).length,
  },
  ZINCRBY: {
    least: 3,
    most: 3,
    run: (args, { keyspace }) => {
      const key = args.text();
      const by = args.float();
      const member = args.text();
      const score = (keyspace.get(key, "zset")?.score(member) ?? 0) + by;
      if (Number.isNaN(score)) throw new CommandError("ERR resulting score is not a number (NaN)");
      keyspace.open(key, "zset").set(member, score);
      return scoreText(score);
    },
  },
  ZLEXCOUNT: {
    least: 3,
    most: 3,
    run: (args, context) =>
      read(args, context).slice().filter(byMember(args.text(), args.text())).length,
  },
  ZMSCORE: {
    least: 2,
    run: (args, context) => {
      const set = read(args, context);
      return args.rest().map((member) => optionalScore(set, member));
    },
  },
  ZPOPMAX: { least: 1, most: 2, run: pop(true) },
  ZPOPMIN: { least: 1, most: 2, run: pop(false) },
  ZRANGE: { least: 3, run: range },
  ZRANGEBYLEX: { least: 3, run: rangeBy(byMember, false) },
  ZRANGEBYSCORE: { least: 3, run: rangeBy(byScore, false) },
  ZRANK: {
    least: 2,
    most: 2,
    run: (args, context) => read(args, context).rank(args.text()) ?? null,
  },
  ZREM: {
    least: 2,
    run: (args, context) => {
      const set = read(args, context);
      return removeAll(args, context, set, args.rest());
    },
  },
  ZREMRANGEBYLEX: { least: 3, most: 3, run: removeBy(byMember) },
  ZREMRANGEBYRANK: {
    least: 3,
    most: 3,
    run: (args, context) => {
      const set = read(args, context);
      const found = set.slice(...toRange(args.integer(), args.integer(), set.size));
      return removeAll(
        args,
        context,
        set,
        found.map(({ member }) => member),
      );
    },
  },
  ZREMRANGEBYSCORE: { least: 3, most: 3, run: removeBy(byScore) },
  ZREVRANGE: {
    least: 3,
    most: 4,
    run: (args, context) => {
      const set = read(args, context);
      const [start, end] = toRange(args.integer(), args.integer(), set.size);
      const { withScores } = readRangeOptions(args);
      return written(set.slice().toReversed().slice(start, end), withScores);
    },
  },
  ZREVRANGEBYSCORE: { least: 3, run: rangeBy(byScore, true) },
  ZREVRANK: {
    least: 2,
    most: 2,
    run: (args, context) => {
      const set = read(args, context);
      const rank = set.rank(args.text());
      return rank === undefined ? null : set.size - 1 - rank;
    },
  },
  ZSCORE: {
    least: 2,
    most: 2,
    run: (args, context) => optionalScore(read(args, context), args.text()),
  },
};

function read(args: CommandArguments, { keyspace }: CommandContext): SortedSet {
  return keyspace.get(args.text(), "zset") ?? new SortedSet();
}

function optionalScore(set: SortedSet, member: string): ServerReply {
  const score = set.score(member);
  return score === undefined ? null : scoreText(score);
}

function written(ranked: readonly Ranked[], withScores: boolean): ServerReply {
  return ranked.flatMap(({ member, score }) =>
    withScores ? [member, scoreText(score)] : [member],
  );
}

/** ZRANGE key start stop [BYSCORE | BYLEX] [REV] [LIMIT offset count] [WITHSCORES] */
function range(args: CommandArguments, context: CommandContext): ServerReply {
  const key = args.text();
  const [start, stop] = [args.text(), args.text()];
  let by: "index" | "score" | "member" = "index";
  let isReversed = false;
  for (;;) {
    if (args.accept("BYSCORE")) by = "score";
    else if (args.accept("BYLEX")) by = "member";
    else if (args.accept("REV")) isReversed = true;
    else break;
  }
  const { count, isLimited, offset, withScores } = readRangeOptions(args);
  if (by === "index" && isLimited)
    throw new CommandError(
      "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX",
    );
  const inOrder = (): readonly Ranked[] => {
    const ranked = (context.keyspace.get(key, "zset") ?? new SortedSet()).slice();
    return isReversed ? ranked.toReversed() : ranked;
  };
  if (by === "index") {
    const [from, to] = [integer(start), integer(stop)];
    const ranked = inOrder();
    return written(ranked.slice(...toRange(from, to, ranked.length)), withScores);
  }
  const [low, high] = isReversed ? [stop, start] : [start, stop];
  const isWithin = by === "score" ? byScore(low, high) : byMember(low, high);
  const found = inOrder().filter(isWithin);
  return written(found.slice(offset, count < 0 ? undefined : offset + count), withScores);
}

function integer(text: string): number {
  if (!/^-?\d+$/.test(text)) throw new CommandError("ERR value is not an integer or out of range");
  return Number(text);
}

function rangeBy(within: (low: string, high: string) => Within, isReversed: boolean): RunCommand {
  return (args, context) => {
    const set = read(args, context);
    const [first, second] = [args.text(), args.text()];
    const { count, offset, withScores } = readRangeOptions(args);
    const ranked = isReversed ? set.slice().toReversed() : set.slice();
    const found = ranked.filter(isReversed ? within(second, first) : within(first, second));
    return written(found.slice(offset, count < 0 ? undefined : offset + count), withScores);
  };
}

function removeBy(within: (low: string, high: string) => Within): RunCommand {
  return (args, context) => {
    const set = read(args, context);
    const found = set.slice().filter(within(args.text(), args.text()));
    return removeAll(
      args,
      context,
      set,
      found.map(({ member }) => member),
    );
  };
}

function removeAll(
  args: CommandArguments,
  { keyspace }: CommandContext,
  set: SortedSet,
  members: readonly string[],
): number {
  const removed = members.filter((member) => set.delete(member)).length;
  keyspace.tidy(args.first);
  return removed;
}

function pop(isHighest: boolean): RunCommand {
  return (args, context) => {
    const set = read(args, context);
    const count = args.left === 0 ? 1 : args.integer();
    if (count < 0) throw new CommandError("ERR value is out of range, must be positive");
    const ranked = isHighest ? set.slice().toReversed() : set.slice();
    const popped = ranked.slice(0, count);
    removeAll(
      args,
      context,
      set,
      popped.map(({ member }) => member),
    );
    return written(popped, true);
  };
}

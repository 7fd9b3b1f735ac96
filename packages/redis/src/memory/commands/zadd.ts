import { parseFloatStrictly, scoreText } from "../decimal.ts";
import { CommandError, type ServerReply, SYNTAX_ERROR } from "../server-reply.ts";
import type { CommandArguments, CommandContext } from "./command.ts";

const WORDS = ["NX", "XX", "GT", "LT", "CH", "INCR"] as const;

/** ZADD key [NX | XX] [GT | LT] [CH] [INCR] score member [score member …] */
export function addScores(args: CommandArguments, { keyspace }: CommandContext): ServerReply {
  const key = args.text();
  const has = new Set<(typeof WORDS)[number]>();
  for (let word = acceptWord(args); word !== undefined; word = acceptWord(args)) has.add(word);
  if (has.has("NX") && has.has("XX"))
    throw new CommandError("ERR XX and NX options at the same time are not compatible");
  const exclusive = [has.has("NX"), has.has("GT"), has.has("LT")].filter(Boolean).length;
  if (exclusive > 1)
    throw new CommandError("ERR GT, LT, and/or NX options at the same time are not compatible");
  if (args.left === 0 || args.left % 2 !== 0) throw new CommandError(SYNTAX_ERROR);
  const pairs = args.pairs().map(([score, member]) => ({ member, by: parseFloatStrictly(score) }));
  if (has.has("INCR") && pairs.length > 1)
    throw new CommandError("ERR INCR option supports a single increment-element pair");
  const set = keyspace.open(key, "zset");
  let added = 0;
  let changed = 0;
  let incremented: number | undefined;
  for (const { by, member } of pairs) {
    const before = set.score(member);
    if (before === undefined ? has.has("XX") : has.has("NX")) continue;
    const score = has.has("INCR") ? (before ?? 0) + by : by;
    if (Number.isNaN(score)) {
      keyspace.tidy(key);
      throw new CommandError("ERR resulting score is not a number (NaN)");
    }
    if (before !== undefined && has.has("GT") && score <= before) continue;
    if (before !== undefined && has.has("LT") && score >= before) continue;
    if (before === undefined) added += 1;
    else if (before !== score) changed += 1;
    set.set(member, score);
    incremented = score;
  }
  keyspace.tidy(key);
  if (has.has("INCR")) return incremented === undefined ? null : scoreText(incremented);
  return has.has("CH") ? added + changed : added;
}

function acceptWord(args: CommandArguments): (typeof WORDS)[number] | undefined {
  return WORDS.find((word) => args.accept(word));
}

import { parseFloatStrictly } from "../decimal.ts";
import { CommandError, SYNTAX_ERROR } from "../server-reply.ts";
import type { Ranked } from "../values/sorted-set.ts";
import type { CommandArguments } from "./command.ts";

/** Whether a member lies within bounds. */
export type Within = (ranked: Ranked) => boolean;

const NOT_SCORES = "ERR min or max is not a float";

/** Bounds such as `5`, `(5`, `-inf`. */
export function byScore(low: string, high: string): Within {
  const [from, to] = [scoreBound(low), scoreBound(high)];
  return ({ score }) =>
    (from.isOpen ? score > from.value : score >= from.value) &&
    (to.isOpen ? score < to.value : score <= to.value);
}

function scoreBound(text: string): { readonly value: number; readonly isOpen: boolean } {
  const isOpen = text.startsWith("(");
  return { value: parseFloatStrictly(isOpen ? text.slice(1) : text, NOT_SCORES), isOpen };
}

/** Bounds such as `[a`, `(a`, `-`, `+`, of members with equal scores. */
export function byMember(low: string, high: string): Within {
  const [from, to] = [memberBound(low), memberBound(high)];
  return ({ member }) => from(member) <= 0 && to(member) >= 0;
}

/** @returns where the bound stands to a member: below 0 before it, above 0 after it */
function memberBound(text: string): (member: string) => number {
  if (text === "-") return () => -1;
  if (text === "+") return () => 1;
  const bound = text.slice(1);
  const order = (member: string): number => {
    if (bound < member) return -1;
    return bound > member ? 1 : 0;
  };
  if (text.startsWith("[")) return order;
  if (!text.startsWith("(")) throw new CommandError("ERR min or max not valid string range item");
  // Equal to the bound is outside, at either end.
  return (member) => (bound === member ? Number.NaN : order(member));
}

export interface RangeOptions {
  readonly offset: number;
  /** Negative: all. */
  readonly count: number;
  readonly withScores: boolean;
  readonly isLimited: boolean;
}

export function readRangeOptions(args: CommandArguments): RangeOptions {
  let offset = 0;
  let count = -1;
  let withScores = false;
  let isLimited = false;
  while (args.left > 0) {
    if (args.accept("WITHSCORES")) withScores = true;
    else if (args.accept("LIMIT")) {
      [offset, count] = [args.integer(), args.integer()];
      isLimited = true;
    } else throw new CommandError(SYNTAX_ERROR);
  }
  return { offset, count, withScores, isLimited };
}

import { parseInteger } from "../decimal.ts";
import { CommandError, type ServerReply, SYNTAX_ERROR } from "../server-reply.ts";
import {
  compareIds,
  FIRST_ID,
  idText,
  LAST_ID,
  Stream,
  type StreamEntry,
  type StreamId,
} from "../values/stream.ts";
import type { CommandArguments, CommandContext, Commands, RunCommand } from "./command.ts";

const INVALID_ID = "ERR Invalid stream ID specified as stream command argument";
const ZERO_ID = "ERR The ID specified in XADD must be greater than 0-0";
const TOO_SMALL =
  "ERR The ID specified in XADD is equal or smaller than the target stream top item";

export const streamCommands: Commands = {
  XADD: { least: 4, run: add },
  XDEL: {
    least: 2,
    run: (args, { keyspace }) => {
      const stream = keyspace.get(args.text(), "stream");
      return args.rest().filter((id) => stream?.delete(parseId(id, 0)) === true).length;
    },
  },
  XINFO: {
    least: 2,
    run: (args, { keyspace }) => {
      if (!args.accept("STREAM")) throw new CommandError(SYNTAX_ERROR);
      const stream = keyspace.get(args.text(), "stream");
      if (stream === undefined) throw new CommandError("ERR no such key");
      const [first, last] = [stream.entries[0], stream.entries.at(-1)];
      return [
        "length",
        stream.length,
        "last-generated-id",
        idText(stream.lastId),
        "first-entry",
        first === undefined ? null : written(first),
        "last-entry",
        last === undefined ? null : written(last),
      ];
    },
  },
  XLEN: {
    least: 1,
    most: 1,
    run: (args, { keyspace }) => keyspace.get(args.text(), "stream")?.length ?? 0,
  },
  XRANGE: { least: 3, run: range(false) },
  XREAD: { least: 3, run: readAfter },
  XREVRANGE: { least: 3, run: range(true) },
  XTRIM: {
    least: 3,
    run: (args, { keyspace }) => {
      const stream = keyspace.get(args.text(), "stream") ?? new Stream();
      const trim = readTrim(args) ?? fail(SYNTAX_ERROR);
      args.done();
      return trim(stream);
    },
  },
};

/** XADD key [NOMKSTREAM] [MAXLEN | MINID [= | ~] threshold [LIMIT count]] <* | id> field value [field value …] */
function add(args: CommandArguments, { keyspace }: CommandContext): ServerReply {
  const key = args.text();
  const isNoMake = args.accept("NOMKSTREAM");
  const trim = readTrim(args);
  const idArgument = args.text();
  const fields = args.pairs().flat();
  if (!/^(?:\*|\d+(?:-(?:\d+|\*))?)$/.test(idArgument)) throw new CommandError(INVALID_ID);
  if (/^0+(?:-0+)?$/.test(idArgument)) throw new CommandError(ZERO_ID);
  const existing = keyspace.get(key, "stream");
  if (existing === undefined && isNoMake) return null;
  const id = nextId(idArgument, existing ?? new Stream(), keyspace.nowMs);
  const stream = keyspace.open(key, "stream");
  stream.append({ id, fields });
  trim?.(stream);
  return idText(id);
}

type Trim = (stream: Stream) => number;

/** `~` lets Redis keep some more; here it is exact. */
function readTrim(args: CommandArguments): Trim | undefined {
  const isLength = args.accept("MAXLEN");
  if (!isLength && !args.accept("MINID")) return undefined;
  const isExact = args.accept("=") || !args.accept("~");
  const threshold = args.text();
  if (args.accept("LIMIT")) {
    args.integer();
    if (isExact)
      throw new CommandError("ERR syntax error, LIMIT cannot be used without the special ~ option");
  }
  if (isLength) {
    const length = Number(parseInteger(threshold));
    if (length < 0) throw new CommandError("ERR The MAXLEN argument must be >= 0.");
    return (stream) => stream.trimToLength(length);
  }
  const id = parseId(threshold, 0);
  return (stream) => stream.trimBefore(id);
}

function nextId(argument: string, { lastId }: Stream, nowMs: number): StreamId {
  if (argument === "*") {
    const ms = Math.max(Math.floor(nowMs), lastId.ms);
    return { ms, sequence: ms === lastId.ms ? lastId.sequence + 1 : 0 };
  }
  const automatic = /^(\d+)-\*$/.exec(argument);
  if (automatic !== null) {
    const ms = Number(automatic[1]);
    if (ms < lastId.ms) throw new CommandError(TOO_SMALL);
    return { ms, sequence: ms === lastId.ms ? lastId.sequence + 1 : 0 };
  }
  const id = parseId(argument, 0);
  if (compareIds(id, lastId) <= 0) throw new CommandError(TOO_SMALL);
  return id;
}

function parseId(text: string, otherwise: number): StreamId {
  const match = /^(\d+)(?:-(\d+))?$/.exec(text);
  if (match === null) return fail(INVALID_ID);
  return { ms: Number(match[1]), sequence: match[2] === undefined ? otherwise : Number(match[2]) };
}

function range(isReversed: boolean): RunCommand {
  return (args, { keyspace }) => {
    const key = args.text();
    const [first, second] = [args.text(), args.text()];
    const [low, high] = isReversed ? [second, first] : [first, second];
    const [from, to] = [lowBound(low), highBound(high)];
    let count = Number.POSITIVE_INFINITY;
    if (args.accept("COUNT")) count = args.integer();
    args.done();
    const stream = keyspace.get(key, "stream");
    // Not an empty array: Redis tells the two apart.
    if (stream !== undefined && count <= 0) return null;
    const found = (stream ?? new Stream()).range(from, to);
    return (isReversed ? found.toReversed() : found).slice(0, count).map(written);
  };
}

function lowBound(text: string): StreamId {
  if (text === "-") return FIRST_ID;
  if (!text.startsWith("(")) return parseId(text, 0);
  const { ms, sequence } = parseId(text.slice(1), 0);
  if (compareIds({ ms, sequence }, LAST_ID) >= 0)
    throw new CommandError("ERR invalid start ID for the interval");
  return { ms, sequence: sequence + 1 };
}

function highBound(text: string): StreamId {
  if (text === "+") return LAST_ID;
  if (!text.startsWith("(")) return parseId(text, LAST_ID.sequence);
  const { ms, sequence } = parseId(text.slice(1), LAST_ID.sequence);
  if (ms === 0 && sequence === 0) throw new CommandError("ERR invalid end ID for the interval");
  return sequence === 0
    ? { ms: ms - 1, sequence: LAST_ID.sequence }
    : { ms, sequence: sequence - 1 };
}

/** XREAD [COUNT count] [BLOCK ms] STREAMS key [key …] id [id …] */
function readAfter(args: CommandArguments, { keyspace }: CommandContext): ServerReply | undefined {
  let count = Number.POSITIVE_INFINITY;
  let isBlocking = false;
  for (;;) {
    if (args.accept("COUNT")) {
      count = args.integer();
      // As Redis has it: none is all.
      if (count <= 0) count = Number.POSITIVE_INFINITY;
    } else if (args.accept("BLOCK")) {
      isBlocking = true;
      args.integer();
    } else break;
  }
  if (!args.accept("STREAMS")) return fail(SYNTAX_ERROR);
  if (args.left % 2 !== 0)
    return fail(
      "ERR Unbalanced XREAD list of streams: for each stream key an ID or '$' must be specified.",
    );
  const words = args.rest();
  const keys = words.slice(0, words.length / 2);
  const found = keys.flatMap((key, index) => {
    const from = words[keys.length + index] ?? "";
    const id = from === "$" ? LAST_ID : parseId(from, 0);
    const stream = keyspace.get(key, "stream");
    const entries = stream?.after(id).slice(0, count) ?? [];
    return entries.length === 0 ? [] : [[key, entries.map(written)]];
  });
  if (found.length > 0) return found;
  return isBlocking ? undefined : null;
}

function written({ fields, id }: StreamEntry): ServerReply {
  return [idText(id), fields];
}

function fail(message: string): never {
  throw new CommandError(message);
}

import { createHash } from "node:crypto";
import { type Arguments, library } from "./lua-arguments.ts";
import { toGeneral } from "./lua-number.ts";
import { isError, isMany, type ServerReply } from "../server-reply.ts";
import { LuaTable } from "./lua-table.ts";
import { LuaError, type LuaValue } from "./lua-value.ts";

/** Runs a command for a script; errors are replies. */
export type CallCommand = (command: readonly string[]) => ServerReply;

function nothing(): readonly LuaValue[] {
  return [];
}

/** The table `redis` of a script. */
export function redisLibrary(call: CallCommand): LuaTable {
  return library(
    "redis",
    {
      call: (args) => {
        const reply = call(toCommand(args));
        if (isError(reply)) throw new LuaError(replyToLua(reply));
        return replyToLua(reply);
      },
      pcall(args) {
        try {
          return replyToLua(call(toCommand(args)));
        } catch (error) {
          if (error instanceof LuaError && error.value instanceof LuaTable) return error.value;
          throw error;
        }
      },
      error_reply: (args) => ofText(args, errorTable),
      status_reply: (args) => ofText(args, (text) => field("ok", text)),
      sha1hex: (args) => createHash("sha1").update(args.string(1), "latin1").digest("hex"),
      log: nothing,
      replicate_commands: () => true,
      set_repl: nothing,
      setresp: nothing,
    },
    { LOG_DEBUG: 0, LOG_VERBOSE: 1, LOG_NOTICE: 2, LOG_WARNING: 3 },
  );
}

function ofText({ values }: Arguments, toReply: (text: string) => LuaTable): LuaTable {
  const [text] = values;
  if (values.length === 1 && typeof text === "string") return toReply(text);
  return errorTable("ERR wrong number or type of arguments");
}

function toCommand(args: Arguments): readonly string[] {
  if (args.values.length === 0)
    throw new LuaError(
      errorTable("ERR Please specify at least one argument for this redis lib call"),
    );
  return args.values.map((value) => {
    if (typeof value === "string") return value;
    // With more digits than Lua's own, but fewer than JavaScript's.
    if (typeof value === "number") return toGeneral(value, 17);
    const message = "ERR Lua redis lib command arguments must be strings or integers";
    throw new LuaError(errorTable(message));
  });
}

function replyToLua(reply: ServerReply): LuaValue {
  if (reply === null) return false;
  if (typeof reply === "number" || typeof reply === "string") return reply;
  if (isMany(reply)) return LuaTable.of(reply.map(replyToLua));
  return isError(reply) ? field("err", reply.err) : field("ok", reply.ok);
}

/** Redis 7 puts ERR before a text that has no code, and takes a dash in front for its own. */
function errorTable(text: string): LuaTable {
  const plain = text.startsWith("-") ? text.slice(1) : text;
  return field("err", plain.includes(" ") || text.startsWith("-") ? plain : `ERR ${plain}`);
}

function field(name: string, value: string): LuaTable {
  const table = new LuaTable();
  table.set(name, value);
  return table;
}

/** What does not fit in 64 bits, and what is no number, becomes the least that does: so the processors make integers of doubles that Redis runs on. */
const LARGEST_INTEGER = 2 ** 63;

/** What a script returns, as Redis answers it: numbers are cut, an array ends at its first nil. */
export function luaToReply(value: LuaValue): ServerReply {
  if (typeof value === "number")
    return Math.abs(value) < LARGEST_INTEGER ? Math.trunc(value) : -LARGEST_INTEGER;
  if (typeof value === "string") return value;
  if (typeof value === "boolean") return value ? 1 : null;
  if (!(value instanceof LuaTable)) return null;
  const err = value.get("err");
  if (typeof err === "string") return { err };
  const ok = value.get("ok");
  if (typeof ok === "string") return { ok };
  const items: ServerReply[] = [];
  for (let index = 1; ; index += 1) {
    const item = value.get(index);
    if (item === undefined) return items;
    items.push(luaToReply(item));
  }
}

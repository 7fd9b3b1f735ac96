import { baseFunctions, toLuaString } from "./base-library.ts";
import { cjsonFunctions } from "./cjson-library.ts";
import { library, toLua } from "./lua-arguments.ts";
import { compileFunction } from "./lua-compiler.ts";
import { Environment } from "./lua-frame.ts";
import { parseLua } from "./lua-parser.ts";
import { LuaTable } from "./lua-table.ts";
import { LuaError, type LuaValue } from "./lua-value.ts";
import { bitFunctions, mathConstants, mathFunctions } from "./math-library.ts";
import { type CallCommand, luaToReply, redisLibrary } from "./redis-library.ts";
import type { ServerReply } from "../server-reply.ts";
import { stringFunctions } from "./string-library.ts";
import { tableFunctions } from "./table-library.ts";

/** @returns the reply; a failure is an error reply, with what was written before it left in place, as in Redis */
export type LuaScript = (keys: readonly string[], args: readonly string[]) => ServerReply;

/**
 * Compiles scripts of Redis: Lua 5.1 with its strings of bytes and its numbers, and the libraries string, table, math, bit, cjson and redis.
 *
 * Not there: cmsgpack, struct, os, loadstring, coroutines, and metamethods other than __index, __newindex, __call and __tostring.
 *
 * @param call - runs what a script asks for by `redis.call`
 */
export function createLuaCompiler(
  call: CallCommand,
): (lua: string, sha: string) => LuaScript | { readonly err: string } {
  const globals = new LuaTable();
  for (const [name, run] of Object.entries(baseFunctions)) globals.set(name, toLua(name, run));
  globals.set("string", library("string", stringFunctions));
  globals.set("table", library("table", tableFunctions));
  globals.set("math", library("math", mathFunctions, mathConstants));
  globals.set("bit", library("bit", bitFunctions));
  const nothing = new LuaTable("userdata");
  globals.set("cjson", library("cjson", cjsonFunctions(nothing), { null: nothing }));
  globals.set("redis", redisLibrary(call));
  globals.set("_VERSION", "Lua 5.1");
  const environment = new Environment(globals, compileFunction);

  return (lua, sha) => {
    let run: ReturnType<ReturnType<typeof compileFunction>>;
    try {
      run = compileFunction(parseLua(lua), environment)([]);
    } catch (error) {
      if (error instanceof LuaError)
        return {
          err: `ERR Error compiling script (new function): ${messageOf(error.value).slice(4)}`,
        };
      throw error;
    }
    return (keys, args) => {
      environment.reset();
      globals.set("KEYS", LuaTable.of(keys));
      globals.set("ARGV", LuaTable.of(args));
      try {
        return luaToReply(run([])[0]);
      } catch (error) {
        if (error instanceof LuaError)
          return { err: `${messageOf(error.value)} script: ${sha}, on @user_script:1.` };
        throw error;
      }
    };
  };
}

function messageOf(value: LuaValue): string {
  if (value instanceof LuaTable) {
    const err = value.get("err");
    return typeof err === "string" ? err : "ERR unknown error";
  }
  return `ERR ${toLuaString(value)}`;
}

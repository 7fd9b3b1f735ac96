import { createHash } from "node:crypto";
import type { Clock } from "@upshift/foundation";
import {
  type Command,
  CommandArguments,
  type CommandContext,
  wrongArity,
} from "./commands/command.ts";
import { hashCommands } from "./commands/hash-commands.ts";
import { keyCommands } from "./commands/key-commands.ts";
import { listCommands } from "./commands/list-commands.ts";
import { serverCommands } from "./commands/server-commands.ts";
import { setCommands } from "./commands/set-commands.ts";
import { sortedSetCommands } from "./commands/sorted-set-commands.ts";
import { streamCommands } from "./commands/stream-commands.ts";
import { stringCommands } from "./commands/string-commands.ts";
import { Keyspace } from "./keyspace.ts";
import { createLuaCompiler, type LuaScript } from "./lua/lua-script.ts";
import { CommandError, isError, OK, type ServerReply } from "./server-reply.ts";

const COMMANDS: ReadonlyMap<string, Command> = new Map(
  Object.entries({
    ...stringCommands,
    ...keyCommands,
    ...hashCommands,
    ...setCommands,
    ...listCommands,
    ...sortedSetCommands,
    ...streamCommands,
    ...serverCommands,
  }),
);

/** Runs commands as a single Redis 7.0 does: one after the other, each at once and whole. */
export class MemoryServer {
  readonly #context: CommandContext;
  /** By SHA-1, whether loaded or not: to compile one takes as long as to run it fifty times. */
  readonly #compiled = new Map<string, LuaScript>();
  readonly #loaded = new Set<string>();
  readonly #compile: ReturnType<typeof createLuaCompiler>;

  /** @param publish - delivers, and says to how many */
  constructor(
    clock: Clock,
    random: () => number,
    publish: (channel: string, message: string) => number,
  ) {
    this.#context = { keyspace: new Keyspace(clock), publish, random };
    this.#compile = createLuaCompiler((command) => this.#callFromScript(command));
  }

  /**
   * @param command - bytes, one per character
   * @returns the reply; `undefined` when the command blocks
   */
  execute(command: readonly string[]): ServerReply | undefined {
    const [name = "", ...values] = command;
    const upper = name.toUpperCase();
    try {
      switch (upper) {
        case "EVAL":
          return this.#eval(values, (lua) => this.#script(lua));
        case "EVALSHA":
          return this.#eval(values, (sha) =>
            this.#loaded.has(sha.toLowerCase()) ? this.#compiled.get(sha.toLowerCase()) : undefined,
          );
        case "SCRIPT":
          return this.#scriptCommand(values);
        default:
          return this.#run(upper, name, values);
      }
    } catch (error) {
      if (error instanceof CommandError) return { err: error.message };
      throw error;
    }
  }

  /** Forgets all data and all scripts. */
  clear(): void {
    this.#context.keyspace.clear();
    this.#loaded.clear();
  }

  /** The id that `$` stands for in an XREAD that begins to block now. */
  lastStreamId(key: string): string {
    const id = this.#context.keyspace.get(key, "stream")?.lastId;
    return id === undefined ? "0-0" : `${id.ms}-${id.sequence}`;
  }

  #run(upper: string, name: string, values: readonly string[]): ServerReply | undefined {
    const command = COMMANDS.get(upper);
    if (command === undefined) {
      const args = values.map((value) => `'${value}' `).join("");
      throw new CommandError(`ERR unknown command '${name}', with args beginning with: ${args}`);
    }
    const { least, most = Number.POSITIVE_INFINITY, run } = command;
    if (values.length < least || values.length > most) throw new CommandError(wrongArity(name));
    return run(new CommandArguments(upper, values), this.#context);
  }

  #callFromScript(command: readonly string[]): ServerReply {
    const [name = ""] = command;
    if (/^(?:EVAL|EVALSHA|SCRIPT|B[LRZ].*)$/i.test(name))
      return { err: "ERR This Redis command is not allowed from script" };
    const values = command.length - 1;
    const known = COMMANDS.get(name.toUpperCase());
    if (known === undefined) return { err: "ERR Unknown Redis command called from script" };
    if (values < known.least || values > (known.most ?? values))
      return { err: "ERR Wrong number of args calling Redis command from script" };
    // XREAD that would block finds nothing instead.
    return this.execute(command) ?? null;
  }

  #eval(
    [script = "", countText = "", ...rest]: readonly string[],
    find: (script: string) => LuaScript | { readonly err: string } | undefined,
  ): ServerReply {
    if (!/^-?\d+$/.test(countText))
      throw new CommandError("ERR value is not an integer or out of range");
    const count = Number(countText);
    if (count > rest.length)
      throw new CommandError("ERR Number of keys can't be greater than number of args");
    if (count < 0) throw new CommandError("ERR Number of keys can't be negative");
    const found = find(script);
    if (found === undefined)
      throw new CommandError("NOSCRIPT No matching script. Please use EVAL.");
    return typeof found === "function" ? found(rest.slice(0, count), rest.slice(count)) : found;
  }

  #script(lua: string): LuaScript | { readonly err: string } {
    const sha = createHash("sha1").update(lua, "latin1").digest("hex");
    const compiled = this.#compiled.get(sha) ?? this.#compile(lua, sha);
    if (typeof compiled === "function") {
      this.#compiled.set(sha, compiled);
      this.#loaded.add(sha);
    }
    return compiled;
  }

  #scriptCommand([word = "", ...values]: readonly string[]): ServerReply {
    switch (word.toUpperCase()) {
      case "LOAD": {
        const [lua = ""] = values;
        const compiled = this.#script(lua);
        if (typeof compiled !== "function" && isError(compiled)) return compiled;
        return createHash("sha1").update(lua, "latin1").digest("hex");
      }
      case "EXISTS":
        return values.map((sha) => (this.#loaded.has(sha.toLowerCase()) ? 1 : 0));
      case "FLUSH":
        this.#loaded.clear();
        return OK;
      default:
        throw new CommandError(`ERR unknown subcommand '${word}'. Try SCRIPT HELP.`);
    }
  }
}

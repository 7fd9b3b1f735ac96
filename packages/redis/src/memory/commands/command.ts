import { parseFloatStrictly, parseInteger } from "../decimal.ts";
import type { Keyspace } from "../keyspace.ts";
import { CommandError, type ServerReply, SYNTAX_ERROR } from "../server-reply.ts";

/** What a command may use besides its arguments. */
export interface CommandContext {
  readonly keyspace: Keyspace;
  /** @returns how many subscribers got it */
  readonly publish: (channel: string, message: string) => number;
  readonly random: () => number;
}

/** `undefined`: it blocks, and is tried again when something was written. */
export type RunCommand = (
  args: CommandArguments,
  context: CommandContext,
) => ServerReply | undefined;

export interface Command {
  /** Arguments at least, without the name. */
  readonly least: number;
  /** At most; default: any number. */
  readonly most?: number;
  readonly run: RunCommand;
}

export type Commands = Readonly<Record<string, Command>>;

/** Of one command, without its name; read from left to right. */
export class CommandArguments {
  readonly name: string;
  readonly #values: readonly string[];
  #at = 0;

  constructor(name: string, values: readonly string[]) {
    this.name = name;
    this.#values = values;
  }

  /** The key, of most commands. */
  get first(): string {
    return this.#values[0] ?? "";
  }

  get left(): number {
    return this.#values.length - this.#at;
  }

  text(): string {
    const value = this.#values[this.#at];
    if (value === undefined) throw new CommandError(SYNTAX_ERROR);
    this.#at += 1;
    return value;
  }

  integer(message?: string): number {
    return Number(parseInteger(this.text(), message));
  }

  bigint(): bigint {
    return parseInteger(this.text());
  }

  float(message?: string): number {
    return parseFloatStrictly(this.text(), message);
  }

  rest(): readonly string[] {
    const values = this.#values.slice(this.#at);
    this.#at = this.#values.length;
    return values;
  }

  /** Field, value, field, value, … */
  pairs(): readonly (readonly [string, string])[] {
    const values = this.rest();
    if (values.length === 0 || values.length % 2 !== 0)
      throw new CommandError(wrongArity(this.name));
    return Array.from({ length: values.length / 2 }, (_, index) => [
      values[2 * index] ?? "",
      values[2 * index + 1] ?? "",
    ]);
  }

  /** The word, if it comes next. */
  accept(word: string): boolean {
    const isNext = this.#values[this.#at]?.toUpperCase() === word;
    if (isNext) this.#at += 1;
    return isNext;
  }

  done(): void {
    if (this.left > 0) throw new CommandError(SYNTAX_ERROR);
  }
}

export function wrongArity(name: string): string {
  return `ERR wrong number of arguments for '${name.toLowerCase()}' command`;
}

/** Redis indexes from both ends, ends included; here: from the start, end excluded. */
export function toRange(
  from: number,
  to: number,
  length: number,
): readonly [start: number, end: number] {
  const start = Math.max(0, from < 0 ? length + from : from);
  const end = Math.min(length, (to < 0 ? length + to : to) + 1);
  return [start, Math.max(start, end)];
}

import { type Token, tokenize } from "./lua-lexer.ts";
import { LuaError } from "./lua-value.ts";

/** The tokens of a script, one after the other. */
export class TokenReader {
  readonly #tokens: readonly Token[];
  #at = 0;

  /** @param source - bytes */
  constructor(source: string) {
    this.#tokens = tokenize(source);
  }

  /** The one after this. */
  get following(): Token | undefined {
    return this.#tokens[this.#at + 1];
  }

  skip(): void {
    this.#at += 1;
  }

  get token(): Token {
    const token = this.#tokens[Math.min(this.#at, this.#tokens.length - 1)];
    if (token === undefined) throw new LuaError("an empty script");
    return token;
  }

  fail(expected?: string): never {
    const { line, text } = this.token;
    const what = expected === undefined ? "unexpected symbol" : `'${expected}' expected`;
    throw new LuaError(`user_script:${line}: ${what} near '${text}'`, true);
  }

  accept(symbol: string): boolean {
    const { kind, text } = this.token;
    if (kind !== "symbol" || text !== symbol) return false;
    this.#at += 1;
    return true;
  }

  expect(symbol: string): void {
    if (!this.accept(symbol)) this.fail(symbol);
  }

  name(): string {
    const { kind, text } = this.token;
    if (kind !== "name") this.fail("<name>");
    this.#at += 1;
    return text;
  }
}

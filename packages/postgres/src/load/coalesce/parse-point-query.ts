import { KEYWORDS } from "./keywords.ts";
import type { KeyCondition, PointQuery, RefusalReason, SelectedColumn } from "./point-query.ts";
import { type Token, tokenizePointQuery } from "./tokenize-point-query.ts";

/** Longer texts are not looked at: no point query is that long. */
const LONGEST_TEXT = 4_096;
/** `NAMEDATALEN - 1`: PostgreSQL cuts what is longer. */
const LONGEST_NAME_BYTES = 63;
const END: Token = { kind: "end", text: "" };

/**
 * Types whose text in an array is read by the same function, with the same outcome, as the text alone. None takes a length here: a cast to one
 * cuts its value.
 */
const CASTS: ReadonlySet<string> = new Set(
  `bigint bool boolean citext date float4 float8 inet int int2 int4 int8 integer numeric real smallint text timestamp timestamptz uuid
  varchar`.split(/\s+/),
);

/** Words after which a text that began as a point query is something else, and what it then is. */
const OTHER_CLAUSES: Readonly<Record<string, RefusalReason>> = {
  order: "order or limit",
  limit: "order or limit",
  offset: "order or limit",
  fetch: "order or limit",
  group: "order or limit",
  having: "order or limit",
  for: "locking",
};

/**
 * Reads a text as a point query, in a grammar that is far narrower than SQL: what it accepts, PostgreSQL reads the same way.
 *
 * @returns the reason when it is none
 */
export function parsePointQuery(text: string): PointQuery | RefusalReason {
  if (text.length > LONGEST_TEXT) return "statement";
  const tokens = tokenizePointQuery(text);
  return tokens === undefined ? "statement" : new Reader(tokens).pointQuery();
}

class Reader {
  readonly #tokens: readonly Token[];
  #position = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  pointQuery(): PointQuery | RefusalReason {
    if (!this.#takeWord("select")) return "statement";
    const list = this.#selectList();
    if (typeof list === "string") return list;
    if (!this.#takeWord("from")) return "statement";
    const relation = this.#relation();
    if (typeof relation === "string") return relation;
    if (!this.#takeWord("where")) return this.#otherClause("statement");
    const keys = this.#conditions();
    if (typeof keys === "string") return keys;
    const hasLimit = this.#limitOne();
    this.#takeSign(";");
    if (this.#peek().kind !== "end") return this.#otherClause(hasLimit ? "statement" : "condition");
    // A qualifier that is not the table's is an error of the server's, with the server's words.
    const qualifiers = [...list, ...keys].map(({ qualifier }) => qualifier);
    const isForeign = (qualifier: string | undefined): boolean =>
      qualifier !== undefined && qualifier !== relation.visibleName;
    if (qualifiers.some(isForeign)) return "name";
    return {
      table: relation.table,
      columns: list.map(({ column }) => column),
      keys: keys.map(({ column, cast }) => ({ column, cast })),
      hasLimit,
    };
  }

  #selectList(): readonly QualifiedColumn[] | RefusalReason {
    const list: QualifiedColumn[] = [];
    do {
      const column = this.#selected();
      if (typeof column === "string") return column;
      list.push(column);
    } while (this.#takeSign(","));
    return list;
  }

  #selected(): QualifiedColumn | RefusalReason {
    if (this.#takeSign("*")) return { qualifier: undefined, column: "*" };
    const first = this.#name();
    if (first === undefined) return this.#isNameLike() ? "name" : "statement";
    if (!this.#takeSign(".")) {
      return { qualifier: undefined, column: { name: first, alias: this.#alias() } };
    }
    if (this.#takeSign("*")) return { qualifier: first, column: "*" };
    const name = this.#name();
    if (name === undefined) return "name";
    return { qualifier: first, column: { name, alias: this.#alias() } };
  }

  /** Only with AS: without it PostgreSQL's own rules for what may follow would have to be known. */
  #alias(): string | undefined {
    if (this.#peek().text !== "as" || this.#peek().kind !== "word") return undefined;
    const alias = this.#peek(1);
    if ((alias.kind !== "word" && alias.kind !== "name") || isCut(alias.text)) return undefined;
    this.#position += 2;
    return alias.text;
  }

  #relation(): Relation | RefusalReason {
    const first = this.#name();
    if (first === undefined) return "name";
    const second = this.#takeSign(".") ? this.#name() : null;
    if (second === undefined) return "name";
    const isNamed = this.#takeWord("as");
    const alias = isNamed || !this.#isKeyword() ? this.#name() : undefined;
    if (isNamed && alias === undefined) return "name";
    const table = second === null ? ([first] as const) : ([first, second] as const);
    return { table, visibleName: alias ?? second ?? first };
  }

  #conditions(): readonly QualifiedKey[] | RefusalReason {
    const keys: QualifiedKey[] = [];
    do {
      const key = this.#condition(keys.length + 1);
      if (typeof key === "string") return key;
      keys.push(key);
    } while (this.#takeWord("and"));
    return keys;
  }

  #condition(parameter: number): QualifiedKey | RefusalReason {
    const first = this.#name();
    if (first === undefined) return "condition";
    const second = this.#takeSign(".") ? this.#name() : null;
    if (second === undefined) return "name";
    if (!this.#takeSign("=")) return "condition";
    const value = this.#peek();
    // In the order of their numbers, each once: `a = $1 AND b = $1` is one value for two keys.
    if (value.kind !== "parameter" || value.text !== String(parameter)) return "condition";
    this.#position += 1;
    const hasCast = this.#takeSign("::");
    const cast = hasCast ? this.#peek().text : undefined;
    if (cast !== undefined) {
      if (this.#peek().kind !== "word" || !CASTS.has(cast)) return "cast";
      this.#position += 1;
      if (this.#peek().kind === "sign" && this.#peek().text === "::") return "cast";
    }
    const names =
      second === null
        ? { qualifier: undefined, column: first }
        : { qualifier: first, column: second };
    return { ...names, cast };
  }

  #limitOne(): boolean {
    const isOne = this.#peek(1).kind === "number" && this.#peek(1).text === "1";
    if (!isOne || this.#peek().kind !== "word" || this.#peek().text !== "limit") return false;
    this.#position += 2;
    return true;
  }

  #otherClause(otherwise: RefusalReason): RefusalReason {
    const { kind, text } = this.#peek();
    return (kind === "word" ? OTHER_CLAUSES[text] : undefined) ?? otherwise;
  }

  #name(): string | undefined {
    const { kind, text } = this.#peek();
    const isName = kind === "name" || (kind === "word" && !KEYWORDS.has(text));
    if (!isName || isCut(text)) return undefined;
    this.#position += 1;
    return text;
  }

  #isNameLike(): boolean {
    const { kind } = this.#peek();
    return kind === "word" || kind === "name";
  }

  #isKeyword(): boolean {
    const { kind, text } = this.#peek();
    return kind === "word" && KEYWORDS.has(text);
  }

  #takeWord(word: string): boolean {
    return this.#take("word", word);
  }

  #takeSign(sign: string): boolean {
    return this.#take("sign", sign);
  }

  #take(kind: Token["kind"], text: string): boolean {
    const token = this.#peek();
    if (token.kind !== kind || token.text !== text) return false;
    this.#position += 1;
    return true;
  }

  #peek(ahead = 0): Token {
    return this.#tokens[this.#position + ahead] ?? END;
  }
}

interface QualifiedColumn {
  readonly qualifier: string | undefined;
  readonly column: SelectedColumn;
}

interface QualifiedKey extends KeyCondition {
  readonly qualifier: string | undefined;
}

interface Relation {
  readonly table: PointQuery["table"];
  /** What its columns may be qualified with: an alias hides the name. */
  readonly visibleName: string;
}

function isCut(name: string): boolean {
  return Buffer.byteLength(name) > LONGEST_NAME_BYTES;
}

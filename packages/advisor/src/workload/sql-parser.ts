import { fingerprintSync, loadModule, type Node, normalizeSync, parseSync } from "libpg-query";

/** PostgreSQL's own grammar. Its locations are UTF-8 bytes, see `ByteText`. */
export interface SqlParser {
  /** One entry per statement of the text; the reason when the grammar refuses any of it. */
  parse(text: string): readonly ParsedStatement[] | { readonly refused: string };
  /** Constants replaced by `$n`; `null` when it does not parse. */
  normalize(text: string): string | null;
  /** 16 hex digits, equal for statements that differ in constants only; `null` when it does not parse. */
  fingerprint(text: string): string | null;
}

export interface ParsedStatement {
  readonly node: Node;
  /** The statement's own text, without its semicolon. */
  readonly text: string;
  /** Byte offset of `text` in what was parsed: locations in `node` count from the start of all of it. */
  readonly startByte: number;
}

/** Loads the WASM grammar (1.8 MB, once per process). */
export async function loadSqlParser(): Promise<SqlParser> {
  await loadModule();
  return { parse, normalize: orNull(normalizeSync), fingerprint: orNull(fingerprintSync) };
}

function parse(text: string): readonly ParsedStatement[] | { readonly refused: string } {
  if (text.trim() === "") return [];
  try {
    const bytes = Buffer.from(text, "utf8");
    return (parseSync(text).stmts ?? []).flatMap(({ stmt, stmt_location = 0, stmt_len = 0 }) => {
      if (stmt === undefined) return [];
      const endByte = stmt_len === 0 ? bytes.length : stmt_location + stmt_len;
      return [
        {
          node: stmt,
          text: bytes.toString("utf8", stmt_location, endByte),
          startByte: stmt_location,
        },
      ];
    });
  } catch (error) {
    return { refused: `it does not parse: ${messageOf(error)}` };
  }
}

function orNull(convert: (text: string) => string): (text: string) => string | null {
  return (text) => {
    try {
      return convert(text);
    } catch {
      return null;
    }
  };
}

/** The grammar's message quotes the token at fault, which can be a literal: keep the words before it only. */
function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/ at or near "[\s\S]*$/, "").slice(0, 200);
}

/** A piece of an SQL file between two semicolons, or a line that is for psql. */
export interface StatementText {
  readonly kind: "sql" | "psql";
  /** Without leading white space and comments. */
  readonly text: string;
  /** Comments directly before the statement. */
  readonly leadingComments: string;
  /** 1-based line on which `text` begins. */
  readonly line: number;
}

/**
 * Splits an SQL file as psql does: at semicolons outside quotes, comments, parentheses and `BEGIN ATOMIC` bodies. Lines that
 * begin with a backslash are psql commands, and rows after `COPY … FROM STDIN` are data up to `\.`.
 *
 * Never fails: what is not SQL comes out as pieces that the parser then refuses one by one.
 */
export function splitStatements(sql: string): readonly StatementText[] {
  const pieces: StatementText[] = [];
  let position = 0;
  let line = 1;
  let countedTo = 0;
  const lineAt = (offset: number): number => {
    for (; countedTo < offset; countedTo += 1) if (sql.charCodeAt(countedTo) === NEWLINE) line += 1;
    return line;
  };
  while (position < sql.length) {
    const start = skipBlank(sql, position);
    if (start >= sql.length) break;
    const leadingComments = sql.slice(position, start);
    if (sql[start] === "\\") {
      const end = endOfLine(sql, start);
      pieces.push({
        kind: "psql",
        text: sql.slice(start, end).trimEnd(),
        leadingComments,
        line: lineAt(start),
      });
      position = end;
      continue;
    }
    const end = endOfStatement(sql, start);
    const text = sql.slice(start, end).trimEnd();
    if (text !== "") pieces.push({ kind: "sql", text, leadingComments, line: lineAt(start) });
    position = sql[end] === ";" ? end + 1 : end;
    if (COPY_FROM_STDIN.test(text)) position = endOfCopyData(sql, position);
  }
  return pieces;
}

const NEWLINE = 10;
const COPY_FROM_STDIN = /^copy\b[^]*\bfrom\s+stdin\b/i;
/** White space, line comments and (not nested) block comments; nesting is handled by the caller's loop. */
const BLANK = /(?:\s+|--[^\n]*)*/y;

function skipBlank(sql: string, from: number): number {
  let position = from;
  for (;;) {
    BLANK.lastIndex = position;
    BLANK.test(sql);
    position = Math.max(position, BLANK.lastIndex);
    if (!sql.startsWith("/*", position)) return position;
    position = endOfBlockComment(sql, position);
  }
}

/** Quoted text, dollar-quoted text, words (for `BEGIN ATOMIC … END`), and the single characters that matter. */
const TOKEN =
  /--[^\n]*|\/\*|(?<![\w$])e'[^'\\]*(?:(?:''|\\[^])[^'\\]*)*(?:'|$)|'[^']*(?:''[^']*)*(?:'|$)|"[^"]*(?:""[^"]*)*(?:"|$)|(?<![\w$])\$([A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$|[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*|[();]|\n(?=\\)/giu;

function endOfStatement(sql: string, start: number): number {
  let parentheses = 0;
  let blocks = 0;
  let previousWord = "";
  TOKEN.lastIndex = start;
  for (let match = TOKEN.exec(sql); match !== null; match = TOKEN.exec(sql)) {
    const token = match[0];
    if (token === ";" && parentheses <= 0 && blocks === 0) return match.index;
    // A psql command ends a statement that was left without its semicolon.
    if (token === "\n") return match.index;
    if (token === "/*") TOKEN.lastIndex = endOfBlockComment(sql, match.index);
    else if (token.startsWith("$")) TOKEN.lastIndex = endAfter(sql, token, TOKEN.lastIndex);
    else if (token === "(") parentheses += 1;
    else if (token === ")") parentheses -= 1;
    else if (/^\w/.test(token)) {
      const word = token.toLowerCase();
      if (word === "atomic" && previousWord === "begin") blocks += 1;
      else if (blocks > 0 && word === "case") blocks += 1;
      else if (blocks > 0 && word === "end") blocks -= 1;
      previousWord = word;
    }
  }
  return sql.length;
}

/** Block comments nest in SQL. */
function endOfBlockComment(sql: string, start: number): number {
  const edge = /\/\*|\*\//g;
  edge.lastIndex = start;
  let depth = 0;
  for (let match = edge.exec(sql); match !== null; match = edge.exec(sql)) {
    depth += match[0] === "/*" ? 1 : -1;
    if (depth === 0) return edge.lastIndex;
  }
  return sql.length;
}

function endAfter(sql: string, mark: string, from: number): number {
  const at = sql.indexOf(mark, from);
  return at === -1 ? sql.length : at + mark.length;
}

function endOfLine(sql: string, from: number): number {
  const at = sql.indexOf("\n", from);
  return at === -1 ? sql.length : at;
}

function endOfCopyData(sql: string, from: number): number {
  const end = /^\\\.[ \t\r]*$/m;
  const match = end.exec(sql.slice(from));
  return match === null ? sql.length : from + match.index + match[0].length;
}

import { createOpenText } from "./open-text.ts";
import { isPlanProperty, readStatement } from "./plan-statement.ts";
import { hasFigures, parseNodeLine, titlePart } from "./text-node-line.ts";
import { parseNodeTitle } from "./text-node-title.ts";

/**
 * Puts lines that a terminal, a mail or a document wrapped together again: one string per statement of the plan.
 *
 * A line that starts no statement continues the one before. PostgreSQL also prints the line breaks inside a literal as they are;
 * within quotes and brackets only what must be a statement ends the expression.
 *
 * @param lines - from the root node on, with their indentation
 */
export function joinWrappedLines(lines: readonly string[]): string[] {
  const wrapColumn = findWrapColumn(lines);
  const joined: string[] = [];
  let parts: string[] = [];
  let open = createOpenText();
  let previous = "";
  let isAfterBlank = false;
  const flush = (): void => {
    if (parts.length > 0) joined.push(parts.join(""));
  };
  for (const [position, line] of lines.entries()) {
    if (line.trim() === "") {
      isAfterBlank = true;
      if (!open.isInQuote) continue;
    }
    const isOpen = open.isInQuote || open.isInBracket;
    const isCut = previous.length === wrapColumn && isRestOf(parts[0] ?? "", line);
    const isNew = position === 0 || (!isCut && startsStatement(line, isOpen, open.isInQuote));
    if (isNew) {
      flush();
      parts = [line];
      open = createOpenText();
    } else {
      // Prose after an empty line is no part of the plan.
      if (isAfterBlank && !isOpen) continue;
      const between = glue(previous, line, open.isInQuote, wrapColumn);
      const isCutWord = between === "" && parts.length === 1 && !canJoin(previous, line);
      parts.push(isCutWord ? " " : between, line.trimEnd());
    }
    open.append(line);
    isAfterBlank = false;
    previous = line;
  }
  flush();
  return joined;
}

/** Right of a cut, `Peak Memory: 29kB` is the rest of a line, although it looks like one: it stands left of where properties do. */
function isRestOf(start: string, line: string): boolean {
  const statement = readStatement(line);
  if (statement?.kind !== "property" || isPlanProperty(statement.key)) return false;
  return statement.column < start.length - start.trimStart().length;
}

/** Told without reading the node, since most lines of a large plan are asked several times. */
const ARROW = /^\s*->\s+[A-Z]/;

function startsStatement(line: string, isOpen: boolean, isInQuote: boolean): boolean {
  if (!isOpen && ARROW.test(line)) return true;
  if (isRootLike(line)) return true;
  const statement = readStatement(line);
  if (statement === null) return false;
  if (!isOpen) return true;
  // Inside an expression only what a literal would hardly contain ends it.
  if (statement.kind === "property") return statement.isKnown && !isInQuote;
  if (statement.kind === "node") return hasFigures(line);
  return statement.kind === "node-start" ? hasFigures(line) : !isInQuote;
}

/** A node without an arrow: a second plan, or a target of `Update on partitioned`. */
function isRootLike(line: string): boolean {
  const content = line.trim();
  if (!/^[A-Z]/.test(content)) return false;
  return /^(?:Foreign )?(?:Insert|Update|Delete|Merge) on \S/.test(content) || hasFigures(content)
    ? parseNodeLine(content) !== null
    : false;
}

/** False where a node's title makes sense with a blank between its pieces only: `using i on` and `orders  (cost=…`. */
function canJoin(previous: string, next: string): boolean {
  if (!previous.trimStart().startsWith("->") || hasFigures(previous)) return true;
  const start = previous.trim().replace(/^->\s+/, "");
  const title = (between: string): string => titlePart(`${start}${between}${next}`);
  return parseNodeTitle(title("")) !== null || parseNodeTitle(title(" ")) === null;
}

/** What stood between two pieces: nothing at a hard wrap, a line break inside a literal, else one blank. */
function glue(
  previous: string,
  next: string,
  isInQuote: boolean,
  wrapColumn: number | null,
): string {
  if (previous.length === wrapColumn) return "";
  if (isInQuote) return "\n";
  return /^\s/.test(next) || /\s$/.test(previous) ? "" : " ";
}

/**
 * The width at which a terminal cut long lines; `null` when lines were broken elsewhere.
 *
 * A terminal leaves no line longer than its width and cuts most long lines exactly there (a blank at the cut may be lost);
 * a writer breaks between words, at a different column each time.
 */
function findWrapColumn(lines: readonly string[]): number | null {
  let longest = 0;
  const cuts: number[] = [];
  for (const [at, line] of lines.entries()) {
    longest = Math.max(longest, line.length);
    if (at === 0 || line.trim() === "" || ARROW.test(line)) continue;
    if (isRootLike(line) || readStatement(line) !== null) continue;
    cuts.push((lines[at - 1] ?? "").length);
  }
  const widest = cuts.reduce((most, length) => Math.max(most, length), 0);
  const shared = cuts.filter((length) => length === widest).length;
  if (shared * 2 < cuts.length) return null;
  return widest === longest || shared >= 3 ? widest : null;
}

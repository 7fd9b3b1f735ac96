/** Lines that are only a frame's own strokes. */
const STROKES = /^[\s|+:;─│┌┐└┘├┤┬┴┼═║╔╗╚╝╠╣╟╢╤╧╪-]+$/;
const RECORD = /^[-─═┌├╔╠+]{0,4} ?[[*│]? ?(?:RECORD|Record) \d+\b/;
/** `(2 rows)`, `(8 lignes)`, `(3 строки)`, `（3 行）`. */
const FOOTER = /^[(（] ?\d+ ?[^()（）\d=.]{1,24}[)）]$/;
const HEADER = /^[\s|│║"]*QUERY PLAN[\s|│║"]*$/;
/** What a line of a frame is told by; longer ones are content. Bounds the work on long lines. */
const LONGEST_LABEL = 100_000;

function isRule(line: string): boolean {
  return /-{3}|─{3}|═{3}/.test(line) && STROKES.test(line);
}

function isLabel(line: string): boolean {
  return (
    isRule(line) ||
    RECORD.test(line.trimStart()) ||
    (line.length < LONGEST_LABEL && HEADER.test(line))
  );
}

/**
 * Takes lines out of the frame that psql, DBeaver or a wiki table drew round them: borders 0 to 2, ascii, old-ascii and unicode,
 * aligned, wrapped and expanded, the header, the footer, the marks of continued rows.
 */
export function stripFrame(lines: readonly string[]): readonly string[] {
  const isFramed = lines.some((line) => isLabel(line));
  const inside = lines.filter((line) => !isLabel(line) && !FOOTER.test(line.trim()));
  return joinContinued(stripBorders(stripExpanded(inside)), isFramed);
}

/** `QUERY PLAN | Seq Scan …`: the expanded form names the column on each row. */
function stripExpanded(lines: readonly string[]): readonly string[] {
  const label = /^(?:[|│] ?)?QUERY PLAN {0,4}[|│ ] ?/;
  if (!lines.some((line) => label.test(line))) return lines;
  return lines.map((line) => line.replace(label, "").replace(/^\s{8,12}[|│:] ?/, ""));
}

function stripBorders(lines: readonly string[]): readonly string[] {
  const written = lines.map((line) => line.trim()).filter((line) => line !== "");
  const mostly = (test: (line: string) => boolean): boolean =>
    written.filter((line) => test(line)).length * 5 >= written.length * 3 && written.length > 0;
  const hasLeft = mostly((line) => /^[|│║]/.test(line));
  const hasRight = mostly((line) => /[|│║]$/.test(line));
  return lines.map((line) => {
    let content = line;
    if (hasRight && /[|│║]$/.test(line.trimEnd())) content = line.trimEnd().slice(0, -1).trimEnd();
    if (hasLeft) content = content.replace(/^\s{0,8}[|│║:;.…]/, "");
    return content;
  });
}

/**
 * Removes the marks of a row that goes on (`+`, `↵`), and joins what psql wrapped at its own width (`.`, `…`, old-ascii `;`).
 * Without a frame the marks count only when most lines have them: an expression may end in `+`.
 */
function joinContinued(lines: readonly string[], isFramed: boolean): readonly string[] {
  const trimmed = lines.map((line) => line.trimEnd());
  const marked = trimmed.filter((line) => isMarked(line)).length;
  const hasMarks = marked > 0 && (isFramed || marked * 2 >= lines.length);
  const plain = hasMarks
    ? trimmed.map((line) => (isMarked(line) ? line.slice(0, -1).trimEnd() : line))
    : lines;
  return isFramed ? joinWrapped(plain) : plain;
}

function isMarked(line: string): boolean {
  return /[+↵]$/.test(line);
}

/** A line that ends in `.` or `…` goes on in the next, which begins with the same; old-ascii marks only the second with `;`. */
function joinWrapped(lines: readonly string[]): readonly string[] {
  const joined: string[][] = [];
  let isOpen = false;
  for (const line of lines) {
    const goesOn = /[.…]$/.test(line.trimEnd());
    const [mark] = /^ ?[.…;]/.exec(line) ?? [];
    const content = goesOn ? line.trimEnd().slice(0, -1) : line;
    if (mark !== undefined && (isOpen || mark.endsWith(";")) && joined.length > 0) {
      joined.at(-1)?.push(content.slice(mark.length));
    } else joined.push([content]);
    isOpen = goesOn;
  }
  return joined.map((pieces) => pieces.join(""));
}

/** Lines that are only a frame's own strokes. */
const RULE =
  /^[\s|+:;─│┌┐└┘├┤┬┴┼═║╔╗╚╝╠╣╟╢╤╧╪-]*(?:-{3,}|─{3,}|═{3,})[\s|+:;─│┌┐└┘├┤┬┴┼═║╔╗╚╝╠╣╟╢╤╧╪-]*$/;
const RECORD = /^[-─═\s]*[[*│]?\s*\*?\s*(?:RECORD|Record)\s+\d+\b.*$/;
/** `(2 rows)`, `(8 lignes)`, `(3 строки)`, `（3 行）`. */
const FOOTER = /^\s*[(（]\s*\d+\s*[^()（）\d=.]{1,24}[)）]\s*$/;
const HEADER = /^[\s|│║"]*QUERY PLAN[\s|│║"]*$/;

/**
 * Takes lines out of the frame that psql, DBeaver or a wiki table drew round them: borders 0 to 2, ascii, old-ascii and unicode,
 * aligned, wrapped and expanded, the header, the footer, the marks of continued rows.
 */
export function stripFrame(lines: readonly string[]): readonly string[] {
  const isFramed = lines.some((line) => HEADER.test(line) || RULE.test(line) || RECORD.test(line));
  const inside = lines
    .filter((line) => !RULE.test(line) && !RECORD.test(line) && !HEADER.test(line))
    .filter((line) => !FOOTER.test(line));
  return joinContinued(stripBorders(stripExpanded(inside)), isFramed);
}

/** `QUERY PLAN | Seq Scan …`: the expanded form names the column on each row. */
function stripExpanded(lines: readonly string[]): readonly string[] {
  if (!lines.some((line) => /^\s*[|│]?\s*QUERY PLAN\s*[|│ ]/.test(line))) return lines;
  return lines.map((line) =>
    line.replace(/^\s*[|│]?\s*QUERY PLAN(?:\s*[|│] ?| )/, "").replace(/^\s{8,}[|│:] ?/, ""),
  );
}

function stripBorders(lines: readonly string[]): readonly string[] {
  const written = lines.filter((line) => line.trim() !== "");
  const mostly = (test: (line: string) => boolean): boolean =>
    written.filter((line) => test(line)).length * 5 >= written.length * 3 && written.length > 0;
  const hasLeft = mostly((line) => /^\s*[|│║]/.test(line));
  const hasRight = mostly((line) => /[|│║]\s*$/.test(line));
  return lines.map((line) => {
    let content = line;
    if (hasRight) content = content.replace(/\s*[|│║]\s*$/, "");
    if (hasLeft) content = content.replace(/^\s*[|│║:;.…]/, "");
    return content;
  });
}

/**
 * Removes the marks of a row that goes on (`+`, `↵`), and joins what psql wrapped at its own width (`.`, `…`, old-ascii `;`).
 * Without a frame the marks count only when most lines have them: an expression may end in `+`.
 */
function joinContinued(lines: readonly string[], isFramed: boolean): readonly string[] {
  const marked = lines.filter((line) => /[+↵]\s*$/.test(line)).length;
  const hasMarks = marked > 0 && (isFramed || marked * 2 >= lines.length);
  const plain = hasMarks ? lines.map((line) => line.replace(/\s*[+↵]\s*$/, "")) : lines;
  if (!isFramed) return plain;
  const joined: string[] = [];
  let isOpen = false;
  for (const line of plain) {
    const goesOn = /[.…]$/.test(line.trimEnd());
    const continues = /^\s?[.…;]/.test(line);
    const content = goesOn ? line.trimEnd().slice(0, -1) : line;
    if (continues && (isOpen || /^\s?;/.test(line)) && joined.length > 0) {
      joined[joined.length - 1] += content.replace(/^\s?[.…;]/, "");
    } else joined.push(goesOn && !continues ? content : content);
    isOpen = goesOn;
  }
  return joined;
}

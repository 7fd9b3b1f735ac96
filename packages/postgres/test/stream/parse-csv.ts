/**
 * Reads CSV as RFC 4180 defines it, and nothing else: every line ends with CR LF, quotes stand only around a whole cell, doubled inside.
 *
 * @returns per line its cells; `null` for an empty cell without quotes
 */
export function parseCsv(text: string): (string | null)[][] {
  const lines: (string | null)[][] = [];
  let line: (string | null)[] = [];
  let position = 0;
  const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/y;
  while (position < text.length) {
    cell.lastIndex = position;
    const match = cell.exec(text);
    if (match === null)
      throw new Error(`no CSV at ${position}: ${text.slice(position, position + 20)}`);
    const [whole, quoted, plain, end] = match;
    line.push(
      quoted === undefined ? (plain === "" ? null : (plain ?? null)) : quoted.replaceAll('""', '"'),
    );
    position += whole.length;
    if (end === "\r\n") {
      lines.push(line);
      line = [];
    }
  }
  if (line.length > 0) throw new Error("the last line has no end");
  return lines;
}

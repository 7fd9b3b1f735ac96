import { cutToWidth, displayWidth } from "./display-width.ts";
import { neutralise } from "./neutralise.ts";

/**
 * Text in lines of at most `width` columns, broken at spaces; a word that is wider is cut.
 *
 * Control characters are made visible. Runs of white space become one space. Empty text gives one empty line.
 */
export function wrapText(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  let used = 0;
  const words = text.split(/\s+/).filter((word) => word !== "");
  for (const piece of words.flatMap((word) => cutToWidth(neutralise(word), width))) {
    const pieceWidth = displayWidth(piece);
    if (line !== "" && used + 1 + pieceWidth > width) {
      lines.push(line);
      line = "";
      used = 0;
    }
    used += pieceWidth + (line === "" ? 0 : 1);
    line += line === "" ? piece : ` ${piece}`;
  }
  return [...lines, line];
}

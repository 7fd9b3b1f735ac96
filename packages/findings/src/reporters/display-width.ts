import { eastAsianWidth } from "get-east-asian-width";

const PLAIN = /^[ -~]*$/;
/** Built from text: the `v` flag is newer than the language level this compiles to, not than Node 20. */
const EMOJI = new RegExp(String.raw`^\p{RGI_Emoji}$`, "v");
const SEGMENTER = new Intl.Segmenter("en", { granularity: "grapheme" });
const INVISIBLE = /^[\p{Mark}\p{Default_Ignorable_Code_Point}]+$/u;

/** Columns that text takes on a terminal: 2 for wide East Asian characters and emoji, 0 for combining marks. */
export function displayWidth(text: string): number {
  if (PLAIN.test(text)) return text.length;
  let width = 0;
  for (const grapheme of graphemesOf(text)) width += graphemeWidth(grapheme);
  return width;
}

/** The text cut into pieces of at most `width` columns; a single wider character is a piece of its own. */
export function cutToWidth(text: string, width: number): readonly string[] {
  const pieces: string[] = [];
  let piece = "";
  let used = 0;
  for (const grapheme of graphemesOf(text)) {
    const next = graphemeWidth(grapheme);
    if (used + next > width && piece !== "") {
      pieces.push(piece);
      piece = "";
      used = 0;
    }
    piece += grapheme;
    used += next;
  }
  if (piece !== "") pieces.push(piece);
  return pieces;
}

function graphemesOf(text: string): Iterable<string> {
  if (PLAIN.test(text)) return text;
  return Array.from(SEGMENTER.segment(text), ({ segment }) => segment);
}

function graphemeWidth(grapheme: string): number {
  if (grapheme.length === 1 && PLAIN.test(grapheme)) return 1;
  if (EMOJI.test(grapheme)) return 2;
  if (INVISIBLE.test(grapheme)) return 0;
  // Terminals draw the marks of a grapheme over its base; conjoining parts (Hangul jamo) take the base's columns.
  const base = grapheme.codePointAt(0) ?? 0;
  return eastAsianWidth(base);
}

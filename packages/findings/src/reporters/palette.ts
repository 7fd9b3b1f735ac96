import type { Severity } from "../finding.ts";

/** Colours by role. Each function returns its text with or without escape codes around it. */
export interface Palette {
  readonly strong: Paint;
  readonly faint: Paint;
  readonly sql: Paint;
  readonly good: Paint;
  readonly severity: Readonly<Record<Severity, Paint>>;
}

export type Paint = (text: string) => string;

const plain: Paint = (text) => text;

/** The roles' colours from the 16 that every terminal theme defines, or none at all. */
export function paletteFor(colour: boolean): Palette {
  const paint = (open: number, close: number): Paint =>
    colour ? (text) => (text === "" ? "" : `\u001b[${open}m${text}\u001b[${close}m`) : plain;
  return {
    strong: paint(1, 22),
    faint: paint(2, 22),
    sql: paint(36, 39),
    good: paint(32, 39),
    severity: { error: paint(31, 39), warn: paint(33, 39), info: paint(34, 39) },
  };
}

/** The mark before a finding's title; the word beside it says the same, so no meaning hangs on colour or glyph. */
export function severityMark(severity: Severity, unicode: boolean): string {
  const marks = unicode
    ? { error: "✖", warn: "▲", info: "●" }
    : { error: "x", warn: "!", info: "i" };
  return marks[severity];
}

import { type Palette, paletteFor, type TerminalOptions } from "@upshift/findings/terminal";
import type { CliIo, CliOutput } from "../cli-io.ts";

/** How text for people is laid out on one stream. */
export interface Screen extends TerminalOptions {
  readonly unicode: boolean;
  readonly palette: Palette;
}

/** Lines of prose longer than this are hard to read, however wide the window. */
const WIDEST = 120;
const NARROWEST = 40;
/** In a pipe: wide enough that most SQL stays on one line. */
const PIPED_WIDTH = 100;

export function screenFor(
  io: Pick<CliIo, "environment">,
  stream: CliOutput,
  wantsColour: boolean,
): Screen {
  const { environment } = io;
  const colour = wantsColour && isColourWanted(environment, stream.isTTY === true);
  const columns = Number(environment["COLUMNS"]);
  const width =
    stream.columns ?? (Number.isInteger(columns) && columns > 0 ? columns : PIPED_WIDTH);
  return {
    width: Math.min(WIDEST, Math.max(NARROWEST, width)),
    colour,
    // The Linux console has no glyphs beyond Latin; old Windows consoles neither.
    unicode:
      environment["TERM"] !== "linux" &&
      (process.platform !== "win32" || environment["WT_SESSION"] !== undefined),
    palette: paletteFor(colour),
  };
}

/** FORCE_COLOR before NO_COLOR, as Node has it; both count when not empty. */
function isColourWanted(environment: CliIo["environment"], isTerminal: boolean): boolean {
  const force = environment["FORCE_COLOR"];
  if (force !== undefined && force !== "") return force !== "0" && force !== "false";
  if ((environment["NO_COLOR"] ?? "") !== "") return false;
  return isTerminal && environment["TERM"] !== "dumb";
}

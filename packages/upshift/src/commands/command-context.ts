import type { CliIo } from "../cli-io.ts";
import { createProgressLine, type ProgressLine } from "../output/progress-line.ts";
import { type Screen, screenFor } from "../output/screen.ts";
import type { OutputOptions } from "./command-options.ts";

/** What a command writes with. */
export interface CommandContext {
  readonly io: CliIo;
  readonly screen: Screen;
  readonly progress: ProgressLine;
  /** Result text to standard output, a line break added. */
  print(text: string): void;
  /** One JSON document to standard output. */
  printJson(value: unknown): void;
  /** A note for a person on standard error. */
  warn(text: string): void;
}

export function createContext(io: CliIo, options: OutputOptions): CommandContext {
  const screen = screenFor(io, io.stdout, options.color);
  const errorScreen = screenFor(io, io.stderr, options.color);
  const isQuiet = options.quiet === true;
  const progress = createProgressLine(
    io.stderr,
    !isQuiet && options.json !== true && !io.environment["CI"],
  );
  return {
    io,
    screen,
    progress,
    print: (text) => {
      progress.clear();
      io.stdout.write(`${text}\n`);
    },
    printJson: (value) => {
      progress.clear();
      io.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
    },
    warn: (text) => {
      if (isQuiet) return;
      progress.clear();
      io.stderr.write(`${errorScreen.palette.severity.warn("warning:")} ${text}\n`);
    },
  };
}

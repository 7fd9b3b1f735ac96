import { styleText } from "node:util";

type Style = Parameters<typeof styleText>[0];

/** Where the demo speaks: colours and a live progress line on a terminal, plain lines in a pipe. */
export class Screen {
  readonly #output: NodeJS.WriteStream;
  readonly #hasColor: boolean;
  #hasProgress = false;
  #lastQuarter = 0;

  constructor(output: NodeJS.WriteStream, options: { readonly color: boolean }) {
    this.#output = output;
    this.#hasColor = options.color && output.isTTY;
  }

  /** Columns that a line may take; a pipe has no limit. */
  get columns(): number {
    return this.#output.isTTY ? this.#output.columns : Number.POSITIVE_INFINITY;
  }

  paint(style: Style, text: string): string {
    return this.#hasColor ? styleText(style, text) : text;
  }

  line(text = ""): void {
    this.clearProgress();
    this.#output.write(`${text}\n`);
  }

  /** On a terminal one line that is overwritten; in a pipe one line per quarter. */
  progress(label: string, done: number, total: number): void {
    const ratio = total === 0 ? 1 : done / total;
    if (this.#output.isTTY) {
      const filled = Math.round(ratio * 24);
      const bar = "█".repeat(filled) + "░".repeat(24 - filled);
      this.#output.write(`\r\u001B[2K  ${bar} ${label}`.slice(0, this.columns + 5));
      this.#hasProgress = true;
      return;
    }
    const quarter = Math.floor(ratio * 4);
    if (quarter < this.#lastQuarter) this.#lastQuarter = 0;
    if (quarter === this.#lastQuarter) return;
    this.#lastQuarter = quarter;
    this.#output.write(`  ${quarter * 25} %  ${label}\n`);
  }

  clearProgress(): void {
    if (this.#hasProgress) this.#output.write("\r\u001B[2K");
    this.#hasProgress = false;
  }
}

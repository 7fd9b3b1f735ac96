import type { OnProgress, Progress } from "@upshift/advisor";
import type { Ora } from "ora";
import type { CliOutput } from "../cli-io.ts";

/** A line on standard error that says what is being done; nothing at all where nobody watches. */
export interface ProgressLine {
  readonly onProgress: OnProgress;
  /** Takes the line away, so that other text can be written; the next progress brings it back. */
  clear(): void;
}

const STAGES: Readonly<Record<Progress["stage"], string>> = {
  snapshot: "Reading the database",
  twin: "Building the twin",
  plan: "Planning the workload",
  search: "Searching for indexes",
  verify: "Verifying the advice",
};

/** @param isShown - false with --json, --quiet and in CI */
export function createProgressLine(stream: CliOutput, isShown: boolean): ProgressLine {
  if (!isShown || stream.isTTY !== true) {
    return { onProgress: () => undefined, clear: () => undefined };
  }
  let spinner: Ora | undefined;
  let text = "";
  let isCleared = false;
  const load = async (): Promise<void> => {
    // Loaded late, and only where somebody watches.
    const { default: ora } = await import("ora");
    spinner = ora({ stream, discardStdin: false, text });
    if (text !== "" && !isCleared) spinner.start();
  };
  void load();
  return {
    onProgress: (progress) => {
      text = textOf(progress);
      isCleared = false;
      if (spinner === undefined) return;
      spinner.text = text;
      if (!spinner.isSpinning) spinner.start();
    },
    clear: () => {
      isCleared = true;
      if (spinner?.isSpinning === true) spinner.stop();
    },
  };
}

function textOf({ stage, done, total, label }: Progress): string {
  const count = total === null ? "" : ` ${done}/${total}`;
  return `${STAGES[stage]}${count}: ${label}`;
}

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const DRAINER = fileURLToPath(new URL("drainer.mjs", import.meta.url));

/** A process that writes what is pending. */
export interface Child {
  readonly process: ChildProcess;
  /** What it has said so far. */
  readonly lines: readonly string[];
  /** Resolves with the first line from now on, or of those there are, that begins so. */
  line(start: string): Promise<string>;
  /** Sends a signal; resolves when it has ended. */
  end(signal?: NodeJS.Signals): Promise<void>;
}

export async function startDrainer(args: readonly string[]): Promise<Child> {
  const child = spawn(process.execPath, [DRAINER, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  createInterface({ input: child.stdout }).on("line", (line) => {
    lines.push(line);
    for (const look of waiting) look();
  });
  const drainer: Child = {
    process: child,
    lines,
    line: (start) =>
      new Promise((resolve) => {
        const look = (): void => {
          const found = lines.find((line) => line.startsWith(start));
          if (found === undefined) return;
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
      }),
    async end(signal = "SIGKILL") {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exit = once(child, "exit");
      child.kill(signal);
      await exit;
    },
  };
  await drainer.line("ready");
  return drainer;
}

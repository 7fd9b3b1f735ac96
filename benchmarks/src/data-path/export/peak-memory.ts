import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** How far the memory of a process rose above what it had before an export. */
export interface PeakMemory {
  readonly baseBytes: number;
  readonly peakBytes: number;
}

/** Measures one export to a real HTTP response in a process of its own; its client is yet another one. */
export async function peakMemory(url: string, format: "ndjson" | "csv"): Promise<PeakMemory> {
  const program = fileURLToPath(new URL("measure-memory.js", import.meta.url));
  const child = fork(program, [url, format]);
  const [[message]] = await Promise.all([once(child, "message"), once(child, "exit")]);
  if (!isPeakMemory(message)) throw new Error("the measured process gave no measurement");
  return message;
}

function isPeakMemory(value: unknown): value is PeakMemory {
  return (
    typeof value === "object" && value !== null && "baseBytes" in value && "peakBytes" in value
  );
}

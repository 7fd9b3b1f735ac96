import { readdir, readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";

const POLL_MS = 10;

/**
 * For tests of endings: waits until a temp folder, given to a program as `TMPDIR`, is empty, and no process names it.
 *
 * @returns what is still there after `timeoutMs`: names of files, command lines of processes; empty when all is gone
 */
export async function leftBehind(
  tempFolder: string,
  timeoutMs = 20_000,
): Promise<readonly string[]> {
  const giveUpAtMs = Date.now() + timeoutMs;
  for (;;) {
    const left = [...(await readdir(tempFolder)), ...(await processesNaming(tempFolder))];
    if (left.length === 0 || Date.now() > giveUpAtMs) return left;
    await delay(POLL_MS);
  }
}

/** Command lines and servers of live processes that name the folder (Linux; elsewhere the folder alone is the witness). */
async function processesNaming(folder: string): Promise<readonly string[]> {
  const pids = (await readdir("/proc").catch((): string[] => [])).filter((name) =>
    /^\d+$/.test(name),
  );
  const commands = await Promise.all(
    pids.map((pid) => readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")),
  );
  return commands
    .filter((command) => command.includes(folder))
    .map((command) => command.replaceAll("\0", " "));
}

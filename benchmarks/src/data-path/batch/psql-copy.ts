import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import type { Item } from "./items.ts";

/** A psql that is running, so that its start is no part of what is measured. */
export interface Psql {
  copyInto(table: string): Promise<{ readonly rowCount: number }>;
  close(): Promise<void>;
}

/** @returns `undefined` when there is no psql on this machine */
export async function openPsql(url: string, rows: readonly Item[]): Promise<Psql | undefined> {
  const folder = await mkdtemp(path.join(tmpdir(), "upshift-batch-"));
  const file = path.join(folder, "rows.txt");
  const lines = rows.map(({ account, name, at, amount, active }) =>
    [account, name, at, amount, active].join("\t"),
  );
  await writeFile(file, `${lines.join("\n")}\n`);
  const child = spawn(
    process.env["PSQL"] ?? "psql",
    ["--no-psqlrc", "--set=ON_ERROR_STOP=1", url],
    {
      stdio: ["pipe", "pipe", "inherit"],
    },
  );
  const exited = once(child, "exit");
  const close = async (): Promise<void> => {
    child.stdin.end();
    await exited.catch(() => undefined);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await once(child, "spawn");
  } catch {
    await rm(folder, { recursive: true, force: true });
    return undefined;
  }
  const output = createInterface({ input: child.stdout });
  return {
    async copyInto(table) {
      const line = once(output, "line");
      child.stdin.write(`\\copy ${table} (account, name, at, amount, active) from '${file}'\n`);
      const [text]: unknown[] = await line;
      return { rowCount: Number(/^COPY (\d+)$/.exec(String(text))?.[1]) };
    },
    close,
  };
}

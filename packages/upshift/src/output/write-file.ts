import { randomBytes } from "node:crypto";
import { rename, rm, writeFile } from "node:fs/promises";
import { OutputFailedError } from "../cli-errors.ts";

/**
 * Writes a file that is either the old one or complete, readable by its owner only.
 *
 * @throws {OutputFailedError}
 */
export async function writePrivateFile(file: string, text: string): Promise<void> {
  const draft = `${file}.${randomBytes(6).toString("hex")}.tmp`;
  try {
    await writeFile(draft, text, { mode: 0o600, flag: "wx" });
    await rename(draft, file);
  } catch (error) {
    await rm(draft, { force: true }).catch(() => undefined);
    throw new OutputFailedError(file, error);
  }
}

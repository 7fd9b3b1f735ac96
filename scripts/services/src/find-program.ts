import { access, constants } from "node:fs/promises";
import path from "node:path";

/** Debian and Homebrew install servers here, which is not on every user's PATH. */
const EXTRA_FOLDERS = ["/usr/sbin", "/usr/local/sbin", "/opt/homebrew/bin"];

/** Path of the first program of these names on the PATH. */
export async function findProgram(...names: readonly string[]): Promise<string | undefined> {
  const folders = [...(process.env["PATH"] ?? "").split(path.delimiter), ...EXTRA_FOLDERS];
  for (const name of names) {
    for (const folder of folders.filter((each) => each !== "")) {
      const file = path.join(folder, name);
      const isProgram = await access(file, constants.X_OK).then(
        () => true,
        () => false,
      );
      if (isProgram) return file;
    }
  }
  return undefined;
}

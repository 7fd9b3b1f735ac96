import { readFile, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { ServiceUnavailableError } from "./services-errors.ts";

export interface UnprivilegedUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/**
 * The account that runs a server when we are root, which PostgreSQL and PgBouncer refuse to be.
 *
 * `postgres` where it exists, else `nobody`: an account is taken, none is created on the machine.
 *
 * @returns `undefined` when we are an ordinary user already
 */
export async function unprivilegedUser(): Promise<UnprivilegedUser | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const accounts = (await readFile("/etc/passwd", "utf8"))
    .split("\n")
    .map((line) => line.split(":"))
    .map(([name, , uid, gid]) => ({ name: name ?? "", uid: Number(uid), gid: Number(gid) }));
  for (const name of ["postgres", "nobody"]) {
    const account = accounts.find((each) => each.name === name);
    // macOS writes `nobody` as -2, which setuid takes as an unsigned number.
    if (account !== undefined && account.uid !== 0)
      return { name, uid: account.uid >>> 0, gid: account.gid >>> 0 };
  }
  throw new ServiceUnavailableError(
    "PostgreSQL",
    "we are root and there is no account postgres or nobody to run it as",
  );
}

/** True when a user without rights of its own can reach the folder: it and every folder above may be entered by all. */
export async function isReachableByAll(folder: string): Promise<boolean> {
  for (let current = path.resolve(folder); ; current = path.dirname(current)) {
    if (((await stat(current)).mode & 0o001) === 0) return false;
    if (current === path.dirname(current)) return true;
  }
}

/** Where a server's folder goes: the OS temp folder, or /tmp when root's own one is closed to the server's account. */
export async function serverParentFolder(user: UnprivilegedUser | undefined): Promise<string> {
  return user === undefined || (await isReachableByAll(tmpdir())) ? tmpdir() : "/tmp";
}

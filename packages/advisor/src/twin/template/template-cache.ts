import { randomUUID } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { buildTemplate, type CollationKind } from "./build-template.ts";
import { unpackDirectory } from "./template-archive.ts";

/** Part of the file's name: a directory initialised by another version must not be started. */
const PGLITE_VERSION = "0.5.16";

export interface InstallTemplateOptions {
  readonly kind: CollationKind;
  readonly cacheDirectory: string;
  /** Exists and is empty. */
  readonly dataDirectory: string;
  /** Called before the slow part of a first run. */
  readonly onBuild?: (() => void) | undefined;
}

/**
 * Fills a data directory from the cached template, which is built on the first run and again when it is damaged.
 *
 * Safe in several processes at once: each builds its own and the last rename wins, all being equal. A cache that cannot be
 * written costs every run the time of a first one.
 */
export async function installTemplate(options: InstallTemplateOptions): Promise<void> {
  const path = templatePath(options.cacheDirectory, options.kind);
  const cached = await readIfThere(path);
  if (cached !== null && (await unpackDirectory(cached, options.dataDirectory))) return;
  options.onBuild?.();
  const built = await buildTemplate(options.kind);
  await publish(built, path, options.cacheDirectory);
  await unpackDirectory(built, options.dataDirectory);
}

export function templatePath(cacheDirectory: string, kind: CollationKind): string {
  return join(cacheDirectory, `twin-pglite-${PGLITE_VERSION}-${kind}.template`);
}

async function readIfThere(path: string): Promise<Buffer | null> {
  try {
    return await readFile(path);
  } catch {
    // Missing, unreadable or a directory: all the same, the template is built.
    return null;
  }
}

async function publish(archive: Buffer, path: string, cacheDirectory: string): Promise<void> {
  const draft = `${path}.${randomUUID()}`;
  try {
    await mkdir(cacheDirectory, { recursive: true });
    await writeFile(draft, archive, { mode: 0o600 });
    await rename(draft, path);
  } catch {
    // A read-only or full cache must not stop the run that has its template in hand.
    await rm(draft, { force: true }).catch(() => undefined);
  }
}

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { OnProgress } from "../progress.ts";
import type { DatabaseSnapshot } from "../snapshot/database-snapshot.ts";
import { loadContrib } from "./engine/contrib.ts";
import { type Engine, openEngine } from "./engine/engine.ts";
import { fillTwin } from "./fill-twin.ts";
import type { Limitation } from "./limitation.ts";
import { collationKind } from "./template/build-template.ts";
import { defaultCacheDirectory } from "./template/cache-directory.ts";
import { installTemplate } from "./template/template-cache.ts";
import { EngineTwin, type Twin } from "./twin.ts";

export interface OpenTwinOptions {
  /** Keeps the initialised directory between runs; by default the system's place for caches. An unwritable one only costs time. */
  readonly cacheDirectory?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
}

/** Steps that progress is reported in. */
const STEPS = [
  "preparing the planner",
  "starting the planner",
  "building the schema",
  "sizing tables and indexes",
  "importing statistics",
] as const;

/**
 * Builds a planner that decides as the snapshot's server would.
 *
 * Takes some seconds the first time on a machine, then under a second for a schema of some dozen tables. It lives in a
 * temporary directory that is gone after `close()`, a failure or an abort.
 *
 * @throws {TwinFailedError} when the embedded PostgreSQL does not start or breaks
 * @throws the signal's reason when aborted
 */
export async function openTwin(
  snapshot: DatabaseSnapshot,
  options: OpenTwinOptions = {},
): Promise<Twin> {
  const { signal } = options;
  signal?.throwIfAborted();
  const report = (step: number, label: string = STEPS[step] ?? ""): void =>
    options.onProgress?.({ stage: "twin", done: step, total: STEPS.length, label });
  const limitations: Limitation[] = [];
  const directory = await mkdtemp(join(tmpdir(), "upshift-twin-"));
  const cleanUp = (): Promise<void> => rm(directory, { recursive: true, force: true });
  let engine: Engine | null = null;
  try {
    report(0);
    await installTemplate({
      kind: collationKind(snapshot.database),
      cacheDirectory: options.cacheDirectory ?? defaultCacheDirectory(),
      dataDirectory: directory,
      onBuild: () => report(0, "preparing the planner for the first time on this machine"),
    });
    signal?.throwIfAborted();
    report(1);
    const contrib = await loadContrib(snapshot.extensions.map((extension) => extension.name));
    for (const name of contrib.missing) {
      limitations.push({
        object: `extension ${name}`,
        reason: "it is not available in the twin; its types become text, its indexes are left out",
      });
    }
    engine = await openEngine({ dataDirectory: directory, extensions: contrib.extensions });
    const parts = await fillTwin({
      engine,
      snapshot,
      dataDirectory: directory,
      extensions: contrib.loaded,
      limitations,
      signal,
      onStep: (step) => report(2 + step),
    });
    signal?.throwIfAborted();
    report(STEPS.length, "the planner is ready");
    return new EngineTwin({ ...parts, engine, limitations, cleanUp });
  } catch (error) {
    await engine?.close().catch(() => undefined);
    await cleanUp();
    throw error;
  }
}

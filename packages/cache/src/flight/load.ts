import { hasErrorCode } from "@upshift/foundation";
import type { DefinitionParts } from "../definition/definition-parts.ts";
import type { Entry } from "../entry/entry.ts";
import { newEntry } from "../entry/new-entry.ts";
import { writeStored } from "../entry/stored-value.ts";
import { writeFailure } from "./failure.ts";
import type { Flight } from "./flight.ts";
import { LoadNotes } from "./load-context.ts";
import { runLoader } from "./run-loader.ts";

export interface LoadStart {
  /** The lease under which what is loaded may be stored in Redis. */
  readonly token: string | undefined;
  /** What there is until then. */
  readonly stale: Entry | undefined;
  /** Whether it may be kept at all: not while a hold-off or a write is under way. */
  readonly mayKeep: boolean;
}

/** Renewed so often per lease: one lost renewal does not end it. */
const RENEWALS_PER_LEASE = 3;

/** Runs the loader, answers the flight, and stores what came unless something invalidated it meanwhile. */
export async function load(
  parts: DefinitionParts,
  flight: Flight,
  { token, stale, mayKeep }: LoadStart,
): Promise<void> {
  const { core, policy, counters, name } = parts;
  const { clock } = core;
  // Asked each time: it may be invalidated while the load is under way.
  const usable = (): Entry | undefined =>
    stale !== undefined && parts.canFallBack(flight, stale) ? stale : undefined;
  const alive = stale !== undefined && parts.isAlive(flight, stale) ? stale : undefined;
  const controller = new AbortController();
  const notes = new LoadNotes(controller, alive);
  const startedAtMs = clock.now();
  const stopRenewing = renew(parts, flight.key, token);
  const { softTimeoutMs } = policy;
  const cancelSoft =
    softTimeoutMs === undefined || stale === undefined
      ? undefined
      : clock.after(softTimeoutMs, () => {
          const fallback = usable();
          if (fallback !== undefined) parts.answerStale(flight, fallback);
        });
  counters.loads += 1;
  // It may read what was before, however long it takes.
  const isHeld = core.applier.isHeld(name, flight.key);
  flight.begin(core.journal.clock, core.tagTimes.ordinal);
  let value: unknown;
  let entry: Entry | undefined;
  try {
    const loaded = await runLoader(() => traced(parts, flight, notes), controller, {
      definition: name,
      timeoutMs: policy.hardTimeoutMs,
      clock,
      closing: core.closing,
    });
    value = parts.prepared(loaded);
    entry = entryOf(parts, flight, notes, value, startedAtMs);
  } catch (error) {
    counters.loadFailures += 1;
    if (hasErrorCode(error, "UPSHIFT_CACHE_LOAD_TIMEOUT")) counters.loadTimeouts += 1;
    const fallback = usable();
    release(
      parts,
      flight.key,
      token,
      writeFailure(error),
      fallback === undefined ? 0 : policy.throttleMs,
    );
    if (fallback === undefined) throw error;
    parts.serveAfterFailure(flight, fallback);
    core.onError(error);
    return;
  } finally {
    stopRenewing();
    cancelSoft?.();
  }
  parts.answerLoaded(flight, value);
  if (entry === undefined || !mayKeep || isHeld) {
    release(parts, flight.key, token, "", 0);
    return;
  }
  if (isVoid(parts, flight, entry)) {
    counters.refusedFills += 1;
    release(parts, flight.key, token, "", 0);
    return;
  }
  await store(parts, flight, entry, token);
}

function traced(parts: DefinitionParts, flight: Flight, notes: LoadNotes): unknown {
  const { channel, namespace } = parts.core;
  if (!channel.start.hasSubscribers) return parts.callLoader(flight, notes);
  return channel.tracePromise(async () => await parts.callLoader(flight, notes), {
    operation: "load",
    namespace,
    definition: parts.name,
    key: flight.key,
  });
}

async function store(
  parts: DefinitionParts,
  flight: Flight,
  entry: Entry,
  token: string | undefined,
): Promise<void> {
  const { core, counters } = parts;
  const { redis, codec } = core;
  if (redis === undefined || token === undefined) {
    parts.keep(flight, entry);
    return;
  }
  let text: string;
  let version: string;
  try {
    text = writeStored(parts.storedOf(entry, redis), codec);
    version = entry.isAbsent ? "" : parts.versionOf(entry.value);
  } catch (error) {
    // The value is good for this process; others have to load it themselves.
    core.onError(error);
    release(parts, flight.key, token, "", 0);
    parts.keep(flight, entry);
    return;
  }
  const keepMs = entry.hardUntilMs - core.clock.now();
  try {
    if (await redis.level.fill(parts.redisKey(flight.key), token, text, keepMs, version)) {
      parts.keep(flight, entry, text.length);
      return;
    }
    counters.refusedFills += 1;
  } catch (error) {
    counters.redisFailures += 1;
    core.onError(error);
    // Whether Redis has it or not, it was not invalidated as far as this process has heard.
    parts.keep(flight, entry, text.length);
  }
}

function isVoid(parts: DefinitionParts, flight: Flight, entry: Entry): boolean {
  const { applier, tagTimes } = parts.core;
  return (
    flight.isVoid ||
    tagTimes.isVoid(entry, parts.name) ||
    tagTimes.isExpired(entry, parts.name) ||
    applier.isHeld(parts.name, flight.key)
  );
}

/** @returns `undefined` for what is not to be kept */
function entryOf(
  parts: DefinitionParts,
  flight: Flight,
  notes: LoadNotes,
  value: unknown,
  startedAtMs: number,
): Entry | undefined {
  if (notes.isSkipped) return undefined;
  return newEntry(parts, {
    value,
    tags: [...new Set([...notes.noted, ...parts.tagsOf(flight, value)])],
    ttlMs: notes.ttlMs,
    loadMs: parts.core.clock.now() - startedAtMs,
    seen: flight,
    // What was read from the database was right when the load began.
    confirmedAtMs: startedAtMs,
  });
}

function renew(parts: DefinitionParts, key: string, token: string | undefined): () => void {
  const { core, policy } = parts;
  const { redis, clock } = core;
  const { leaseMs } = policy;
  if (token === undefined || redis === undefined || leaseMs === undefined) return () => {};
  let cancel: (() => void) | undefined;
  const later = (): void => {
    cancel = clock.after(
      leaseMs / RENEWALS_PER_LEASE,
      () => {
        // One that fails is made up for by the next; one that is refused ends with the fill that is refused.
        redis.level.renew(parts.redisKey(key), token, leaseMs).catch(() => {});
        later();
      },
      { isBackground: true },
    );
  };
  later();
  return () => cancel?.();
}

/** Not waited for: without it the lease ends by itself. */
function release(
  parts: DefinitionParts,
  key: string,
  token: string | undefined,
  failure: string,
  coolMs: number,
): void {
  const { redis } = parts.core;
  if (token === undefined || redis === undefined) return;
  redis.level
    .release(parts.redisKey(key), token, failure, coolMs)
    .catch((error: unknown) => parts.core.onError(error));
}

import { delay } from "@upshift/foundation";
import { abortable } from "../connection/abortable.ts";
import { lookAtPrimary, lookAtReplica } from "./look-at-server.ts";
import type { PoolSettings } from "./pool-options.ts";
import type { ReplicaDemand, ReplicaState } from "./replica-state.ts";
import type { ServerPool } from "./server-pool.ts";
import { within } from "./within.ts";
import type { WalTimeline } from "./wal-timeline.ts";

export interface Replica {
  readonly server: ServerPool;
  readonly state: ReplicaState;
}

/** Knows which replicas may be read. It begins to look at them with the first question. */
export interface ReplicaSet {
  readonly replicas: readonly Replica[];
  /** The least busy one that meets the demand, by turns where several are; `undefined` for the primary. */
  choose(demand: ReplicaDemand): Replica | undefined;
  /** Resolves when a replica is known to be there, or all have been looked at once. */
  ready(signal?: AbortSignal): Promise<void>;
  /** Looks at all of them now, the primary too. */
  look(): Promise<void>;
  /** Looks again and again until a replica meets the demand. @returns false when the time is up or none is left */
  lookFor(demand: ReplicaDemand, timeoutMs: number, signal?: AbortSignal): Promise<boolean>;
  /** A connection to it was lost: it is not read before it has been looked at again, at once. */
  suspect(replica: Replica): void;
  close(): void;
}

export interface ReplicaSetOptions {
  readonly primary: ServerPool;
  readonly replicas: readonly Replica[];
  readonly timeline: WalTimeline;
  readonly settings: PoolSettings;
}

/** The primary's answer is worth waiting for, lag being measured by it, but not for long. */
const PRIMARY_FIRST_MS = 500;
const FIRST_PAUSE_MS = 1;
const LONGEST_PAUSE_MS = 50;

export function createReplicaSet(options: ReplicaSetOptions): ReplicaSet {
  const { primary, replicas, timeline, settings } = options;
  const { clock, healthIntervalMs } = settings;
  const looks = new Map<object, Promise<void>>();
  const firstSight = deferred();
  let isStarted = false;
  let isClosed = false;
  let cancel: (() => void) | undefined;
  let turn = 0;

  /** Callers that want the same look share it, so the load of looking does not grow with the callers. */
  const join = (key: object, start: () => Promise<void>): Promise<void> => {
    const running = looks.get(key);
    if (running !== undefined) return running;
    const look = start().finally(() => looks.delete(key));
    looks.set(key, look);
    return look;
  };
  const lookAt = (replica: Replica): Promise<void> =>
    join(replica, async () => {
      await lookAtReplica(replica, timeline, settings);
      if (replica.state.status === "healthy") firstSight.resolve();
    });
  const look = async (): Promise<void> => {
    const asked = join(primary, () => lookAtPrimary(primary, timeline, settings));
    await within(asked, Math.min(PRIMARY_FIRST_MS, healthIntervalMs), clock);
    await Promise.all(replicas.filter(({ state }) => state.isDue()).map(lookAt));
    firstSight.resolve();
  };
  const keepLooking = async (): Promise<void> => {
    await look();
    if (isClosed) return;
    cancel = clock.after(healthIntervalMs, () => void keepLooking(), { isBackground: true });
  };
  const start = (): void => {
    if (isStarted || isClosed) return;
    isStarted = true;
    void keepLooking();
  };

  const choose = (demand: ReplicaDemand): Replica | undefined => {
    turn += 1;
    let best: Replica | undefined;
    for (let index = 0; index < replicas.length; index += 1) {
      const replica = replicas[(turn + index) % replicas.length];
      if (replica === undefined || !replica.state.isUsable(demand)) continue;
      if (best === undefined || replica.server.loadRatio() < best.server.loadRatio())
        best = replica;
    }
    return best;
  };

  return {
    replicas,
    choose,
    look,
    async ready(signal) {
      start();
      if (replicas.length > 0 && !firstSight.isDone()) await abortable(firstSight.promise, signal);
    },
    async lookFor(demand, timeoutMs, signal) {
      const giveUpAtMs = clock.now() + timeoutMs;
      const anyPosition = { ...demand, atLeastLsn: undefined };
      for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
        if (choose(demand) !== undefined) return true;
        const candidates = replicas.filter(({ state }) => state.isUsable(anyPosition));
        const restMs = giveUpAtMs - clock.now();
        if (restMs <= 0 || candidates.length === 0 || isClosed) return false;
        // The first to answer may be the one; a hung one must not hold the others up.
        const answer = Promise.race(candidates.map(lookAt));
        await abortable(within(answer, restMs, clock), signal);
        if (choose(demand) === undefined) await delay(clock, Math.min(pauseMs, restMs), signal);
      }
    },
    suspect(replica) {
      replica.state.doubt();
      if (isStarted && !isClosed) void lookAt(replica);
    },
    close() {
      isClosed = true;
      cancel?.();
      firstSight.resolve();
    },
  };
}

interface Deferred {
  readonly promise: Promise<void>;
  resolve(): void;
  isDone(): boolean;
}

function deferred(): Deferred {
  let isDone = false;
  let release: (() => void) | undefined;
  const promise = new Promise<void>((resolve) => {
    release = resolve;
  });
  return {
    promise,
    resolve() {
      isDone = true;
      release?.();
    },
    isDone: () => isDone,
  };
}

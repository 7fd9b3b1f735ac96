import type { TimerClock } from "@upshift/foundation";
import { createSimulatedClock, type SimulatedClock } from "@upshift/foundation/testing";
import { type Redis, RedisConnectionLostError, type Reply } from "@upshift/redis";
import { createMemoryRedisServer, type MemoryRedisServer } from "@upshift/redis/testing";
import { openWriteBehind } from "../../src/write-behind/open-write-behind.ts";
import { type Change, writeBehind } from "../../src/write-behind/write-behind.ts";
import type { WriteBehindOptions } from "../../src/write-behind/write-behind-options.ts";
import type { WriteBehindStore } from "../../src/write-behind/write-behind-store.ts";

/** Fields only ever grow, so that a write out of order shows. */
export interface Row {
  readonly a?: number;
  readonly b?: number;
}

export interface FleetOptions {
  readonly random: () => number;
  readonly settings?: WriteBehindOptions<string, Row>;
  /** From 0 to 1: of commands, half before they arrive and half after. */
  readonly lossRatio?: number;
  readonly failureRatio?: number;
  readonly leaseMs: number;
}

export interface Process {
  readonly store: WriteBehindStore<string, Row>;
  /** As SIGSTOP: timers and replies wait. */
  freeze(): void;
  thaw(): void;
  /** As SIGKILL: what it has sent to the database may still arrive. */
  kill(): void;
  readonly isAlive: boolean;
  readonly isFrozen: boolean;
}

interface RunningWrite {
  readonly process: Process;
  readonly signal: AbortSignal;
}

/** Processes, one Redis, one database; time stands still between steps. */
export class SimulatedFleet {
  readonly clock: SimulatedClock = createSimulatedClock(1_700_000_000_000);
  readonly server: MemoryRedisServer = createMemoryRedisServer({ clock: this.clock });
  readonly rows = new Map<string, Row & { readonly sequence: bigint }>();
  readonly violations: string[] = [];
  readonly #options: FleetOptions;
  readonly #running = new Map<string, Set<RunningWrite>>();
  isCalm = false;
  writeCount = 0;

  constructor(options: FleetOptions) {
    this.#options = options;
  }

  start(): Process {
    let state: "alive" | "frozen" | "dead" = "alive";
    let waiting: (() => void)[] = [];
    /** Runs now, or when it wakes, or never. */
    const inProcess = (run: () => void): void => {
      if (state === "alive") run();
      else if (state === "frozen") waiting.push(() => inProcess(run));
    };
    const resumed = (): Promise<void> => new Promise(inProcess);
    const { random, lossRatio = 0 } = this.#options;
    const clock: TimerClock = {
      now: () => this.clock.now(),
      after: (delayMs, run) => {
        let isCancelled = false;
        const cancel = this.clock.after(delayMs, () =>
          inProcess(() => {
            if (!isCancelled) run();
          }),
        );
        return () => {
          isCancelled = true;
          cancel();
        };
      },
    };
    const intercept = async (command: readonly string[], apply: () => Reply): Promise<Reply> => {
      await resumed();
      await this.#passing(3);
      const draw = this.isCalm ? 1 : random();
      const lost = new RedisConnectionLostError(command[0] ?? "", "simulated");
      if (draw < lossRatio / 2) throw lost;
      const reply = apply();
      await this.#passing(3);
      await resumed();
      if (draw < lossRatio) throw lost;
      return reply;
    };
    const redis: Redis = this.server.connect({ intercept, timeoutMs: 60_000 });
    const process: Process = {
      store: openWriteBehind<string, Row>(
        writeBehind(
          async (changes: readonly Change<string, Row>[], { signal }) =>
            await this.#write(process, changes, signal, resumed),
          {
            maxDelay: 40,
            lease: this.#options.leaseMs,
            batch: 3,
            concurrency: 2,
            backoff: { min: 10, max: 100 },
            ...this.#options.settings,
            mode: "patch",
          },
        ),
        {
          redis,
          namespace: "n",
          name: "d",
          clock,
          random,
          keyOf: (text) => text,
          codec: { encode: JSON.stringify, decode: (text): unknown => JSON.parse(text) },
        },
      ),
      freeze() {
        if (state === "alive") state = "frozen";
      },
      thaw() {
        if (state !== "frozen") return;
        state = "alive";
        const due = waiting;
        waiting = [];
        for (const run of due) run();
      },
      kill() {
        state = "dead";
        waiting = [];
      },
      get isAlive() {
        return state !== "dead";
      },
      get isFrozen() {
        return state === "frozen";
      },
    };
    return process;
  }

  #passing(mostMs: number): Promise<void> {
    const delayMs = this.isCalm ? 0 : Math.floor(this.#options.random() * (mostMs + 1));
    return new Promise((resolve) => void this.clock.after(delayMs, resolve));
  }

  async #write(
    process: Process,
    changes: readonly Change<string, Row>[],
    signal: AbortSignal,
    resumed: () => Promise<void>,
  ): Promise<void> {
    const { random, failureRatio = 0 } = this.#options;
    const own: RunningWrite = { process, signal };
    for (const { key } of changes) {
      const others = this.#running.get(key) ?? new Set();
      for (const other of others)
        if (other.process.isAlive && !other.process.isFrozen && !other.signal.aborted)
          this.violations.push(`two drainers write ${key} at ${this.clock.now()}`);
      this.#running.set(key, others.add(own));
    }
    try {
      const draw = this.isCalm ? 1 : random();
      // It waits for a connection: a process that is stopped here sends it late.
      await this.#passing(10);
      await resumed();
      // On its way: what happens to the process changes nothing for it.
      await this.#passing(30);
      if (draw < failureRatio / 2) throw new Error("refused");
      for (const change of changes) this.#apply(change);
      await this.#passing(10);
      await resumed();
      if (draw < failureRatio) throw new Error("outcome unknown");
    } finally {
      for (const { key } of changes) this.#running.get(key)?.delete(own);
    }
  }

  #apply({ key, value, patch, sequence }: Change<string, Row>): void {
    this.writeCount += 1;
    const before = this.rows.get(key);
    const number = BigInt(sequence);
    if (before !== undefined && number <= before.sequence) return;
    const after = { ...before, ...value, ...patch, sequence: number };
    for (const field of ["a", "b"] as const)
      if ((after[field] ?? 0) < (before?.[field] ?? 0))
        this.violations.push(`${field} of ${key} went back to ${after[field]}`);
    this.rows.set(key, after);
  }
}

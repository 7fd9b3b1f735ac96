import type { PairedRatio } from "./paired-ratio.ts";

/** One claim of the project, measured. Lives in `benchmarks/src/<name>/benchmark.ts` as `export const benchmark`; related ones share a folder, `data-path/keyset`. */
export interface Benchmark {
  /** The name of its folder. */
  readonly name: string;
  readonly title: string;
  /** Starts servers, loads data, builds what the contestants need. */
  prepare(options: PrepareOptions): Promise<PreparedBenchmark>;
}

export interface PrepareOptions {
  /** Smaller data where that does not change what is claimed; the number of pairs is the harness's business. */
  readonly quick: boolean;
  readonly signal: AbortSignal;
  /** Says what is being done; on standard error. */
  readonly note: (text: string) => void;
}

export interface PreparedBenchmark {
  /** They take turns, one sample each per round; so a disturbance of the machine hits all of them. */
  readonly contestants: readonly [Contestant, ...Contestant[]];
  /** Rounds of a full run; default 100, never below 7. A quick run has at most 20. */
  readonly rounds?: number;
  /** Judges the samples, after all were taken. */
  claims(samples: Samples): readonly Claim[];
  close(): Promise<void>;
}

export interface Contestant {
  readonly label: string;
  /**
   * The work, timed. What it returns goes to `check`, so it cannot be optimised away.
   *
   * @param round - 0-based, the same for all contestants of a round: give them the same input
   */
  run(round: number): unknown;
  /** Throws when the result is wrong; not timed. */
  check(result: unknown, round: number): void;
  /** What a sample is where another process has done the work and knows its times, in ms per unit of work; from what `run` gave. */
  measured?(result: unknown): { readonly wallMs: number; readonly cpuMs: number };
  /** Calls of `run` per sample, for work too short for the clock; the sample is the mean. Default 1. */
  readonly callsPerSample?: number;
}

/** What was measured, in ms per call of `run`. */
export interface Samples {
  /** @throws {InvalidArgumentError} for an unknown label */
  of(label: string): readonly number[];
  medianMs(label: string): number;
  /** How many times longer `label` took than `base`, pair by pair. */
  ratio(label: string, base: string): PairedRatio;
  /** The same of the CPU time of this process, user and system: what a busy machine disturbs least. Servers are other processes and not in it. */
  medianCpuMs(label: string): number;
  cpuRatio(label: string, base: string): PairedRatio;
}

export interface Claim {
  /** A sentence with its number: "a what-if costs at most 3 ms at the median". */
  readonly claim: string;
  readonly target: number;
  readonly value: number;
  readonly holds: boolean;
}

/** A claim of the form "at most". */
export function atMost(claim: string, target: number, value: number): Claim {
  return { claim, target, value, holds: value <= target };
}

/** A claim of the form "at least". */
export function atLeast(claim: string, target: number, value: number): Claim {
  return { claim, target, value, holds: value >= target };
}

import { InvalidArgumentError } from "@upshift/foundation";
import type { Contestant, Samples } from "./benchmark.ts";
import { median } from "./median.ts";
import { pairedRatio } from "./paired-ratio.ts";

export interface TakeSamplesOptions {
  readonly contestants: readonly Contestant[];
  readonly rounds: number;
  /** Rounds before the first that counts: code is compiled and caches are filled. */
  readonly warmupRounds: number;
  readonly signal: AbortSignal;
  /** Monotonic, in ms. */
  readonly now: () => number;
  /** CPU time of the process so far, in ms. */
  readonly cpu: () => number;
  readonly onRound?: (done: number) => void;
}

/**
 * Lets the contestants take turns, the first of a round last in the next, and checks every result.
 *
 * @throws what `check` throws: a fast wrong answer is no result
 */
export async function takeSamples(options: TakeSamplesOptions): Promise<Samples> {
  const taken = new Map(options.contestants.map(({ label }) => [label, new Array<Sample>()]));
  if (taken.size !== options.contestants.length)
    throw new InvalidArgumentError(
      "contestants with different labels",
      options.contestants.map(({ label }) => label).join(", "),
    );
  for (let round = -options.warmupRounds; round < options.rounds; round++) {
    options.signal.throwIfAborted();
    const isForwards = round % 2 === 0;
    const order = isForwards ? options.contestants : options.contestants.toReversed();
    for (const contestant of order) {
      const sample = await takeSample(contestant, Math.max(0, round), options);
      if (round >= 0) taken.get(contestant.label)?.push(sample);
    }
    if (round >= 0) options.onRound?.(round + 1);
  }
  return readSamples(taken);
}

/** Per call of `run`. */
interface Sample {
  readonly wallMs: number;
  readonly cpuMs: number;
}

async function takeSample(
  contestant: Contestant,
  round: number,
  { now, cpu }: Pick<TakeSamplesOptions, "now" | "cpu">,
): Promise<Sample> {
  const calls = contestant.callsPerSample ?? 1;
  const startCpuMs = cpu();
  const startMs = now();
  let result: unknown;
  for (let call = 0; call < calls; call++) {
    const returned = contestant.run(round);
    // Awaiting a value that is no promise would add a turn of the loop to every sample.
    result = returned instanceof Promise ? await returned : returned;
  }
  const wallMs = now() - startMs;
  const cpuMs = cpu() - startCpuMs;
  contestant.check(result, round);
  const measured = contestant.measured?.(result);
  if (measured !== undefined) return measured;
  return { wallMs: wallMs / calls, cpuMs: cpuMs / calls };
}

function readSamples(taken: ReadonlyMap<string, readonly Sample[]>): Samples {
  const find = (label: string): readonly Sample[] => {
    const samples = taken.get(label);
    if (samples === undefined)
      throw new InvalidArgumentError(`one of the labels ${[...taken.keys()].join(", ")}`, label);
    return samples;
  };
  const wall = (label: string): readonly number[] => find(label).map(({ wallMs }) => wallMs);
  const cpu = (label: string): readonly number[] => find(label).map(({ cpuMs }) => cpuMs);
  return {
    of: wall,
    medianMs: (label) => median(wall(label)),
    ratio: (label, base) => pairedRatio(wall(label), wall(base)),
    medianCpuMs: (label) => median(cpu(label)),
    cpuRatio: (label, base) => pairedRatio(cpu(label), cpu(base)),
  };
}

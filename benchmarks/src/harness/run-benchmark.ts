import type { Benchmark } from "./benchmark.ts";
import { describeMachine, loadWarning } from "./machine.ts";
import { type BenchmarkReport, renderReport } from "./report.ts";
import { takeSamples } from "./take-samples.ts";

export interface RunBenchmarkOptions {
  readonly quick: boolean;
  readonly signal: AbortSignal;
  readonly note: (text: string) => void;
}

/** Fewer pairs make intervals too wide to tell a tenth. */
const FEWEST_ROUNDS = 20;
const FULL_ROUNDS = 100;
const WARMUP_ROUNDS = 3;

/**
 * Prepares, measures, judges and closes one benchmark.
 *
 * @returns the report and the same as text
 */
export async function runBenchmark(
  benchmark: Benchmark,
  options: RunBenchmarkOptions,
): Promise<{ readonly report: BenchmarkReport; readonly text: string }> {
  const machine = describeMachine();
  const warning = loadWarning(machine);
  if (warning !== undefined) options.note(`warning: ${warning}`);
  const prepared = await benchmark.prepare(options);
  try {
    const full = Math.max(FEWEST_ROUNDS, prepared.rounds ?? FULL_ROUNDS);
    const rounds = options.quick ? FEWEST_ROUNDS : full;
    const { contestants } = prepared;
    const samples = await takeSamples({
      contestants,
      rounds,
      warmupRounds: WARMUP_ROUNDS,
      signal: options.signal,
      now: () => performance.now(),
      onRound: (done) => {
        if (done % FEWEST_ROUNDS === 0) options.note(`round ${done} of ${rounds}`);
      },
    });
    const report: BenchmarkReport = {
      name: benchmark.name,
      machine,
      rows: contestants.map(({ label }) => ({ label, unit: "ms", samples: samples.of(label) })),
      claims: prepared.claims(samples),
    };
    return { report, text: renderReport(benchmark.title, report, samples) };
  } finally {
    await prepared.close();
  }
}

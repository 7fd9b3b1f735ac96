import type { Benchmark } from "./benchmark.ts";
import { describeMachine, loadWarning } from "./machine.ts";
import { type BenchmarkReport, renderReport } from "./report.ts";
import { takeSamples } from "./take-samples.ts";

export interface RunBenchmarkOptions {
  readonly quick: boolean;
  readonly signal: AbortSignal;
  readonly note: (text: string) => void;
}

/** With fewer, no interval of 95 % encloses more than the extremes. */
const FEWEST_ROUNDS = 7;
const QUICK_ROUNDS = 20;
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
    const rounds = options.quick ? Math.min(QUICK_ROUNDS, full) : full;
    const { contestants } = prepared;
    const samples = await takeSamples({
      contestants,
      rounds,
      warmupRounds: WARMUP_ROUNDS,
      signal: options.signal,
      now: () => performance.now(),
      cpu: () => {
        const { user, system } = process.cpuUsage();
        return (user + system) / 1_000;
      },
      onRound: (done) => {
        if (done % FEWEST_ROUNDS === 0 || done === rounds)
          options.note(`round ${done} of ${rounds}`);
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

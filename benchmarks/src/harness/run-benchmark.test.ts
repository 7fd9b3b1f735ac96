import { expect, test } from "vitest";
import { atLeast, atMost, type Benchmark, type PreparedBenchmark } from "./benchmark.ts";
import { loadWarning } from "./machine.ts";
import { runBenchmark } from "./run-benchmark.ts";

const options = { quick: true, signal: new AbortController().signal, note: () => {} };

function counting(prepared: Partial<PreparedBenchmark>): { benchmark: Benchmark; closed: number } {
  const state = {
    closed: 0,
    benchmark: {
      name: "counting",
      title: "Counting",
      prepare: async (): Promise<PreparedBenchmark> => ({
        contestants: [
          {
            label: "up",
            run: (round) => round,
            check: (result, round) => expect(result).toBe(round),
          },
          { label: "down", run: (round) => -round, check: () => {} },
        ],
        claims: () => [
          atMost("two is at most three", 3, 2),
          atLeast("two is at least three", 3, 2),
        ],
        close: async () => void (state.closed += 1),
        ...prepared,
      }),
    },
  };
  return state;
}

test("a quick run has 20 samples per contestant, judged claims, and the machine", async () => {
  const state = counting({});
  const { report, text } = await runBenchmark(state.benchmark, options);
  expect(Object.keys(report)).toEqual(["name", "machine", "rows", "claims"]);
  expect(report.rows.map(({ label, unit, samples }) => [label, unit, samples.length])).toEqual([
    ["up", "ms", 20],
    ["down", "ms", 20],
  ]);
  expect(report.claims).toEqual([
    { claim: "two is at most three", target: 3, value: 2, holds: true },
    { claim: "two is at least three", target: 3, value: 2, holds: false },
  ]);
  expect(report.machine.cores).toBeGreaterThan(0);
  expect(text).toContain("holds  two is at most three: 2 (target 3)");
  expect(text).toContain("FAILS  two is at least three: 2 (target 3)");
  expect(state.closed).toBe(1);
});

test("a full run is never shorter than 7 rounds, whatever the benchmark asks for", async () => {
  const { report } = await runBenchmark(counting({ rounds: 3 }).benchmark, {
    ...options,
    quick: false,
  });
  expect(report.rows[0]?.samples.length).toBe(7);
});

test("what was prepared is closed when a result is wrong", async () => {
  const wrong = {
    label: "wrong",
    run: () => 1,
    check() {
      throw new Error("wrong result");
    },
  };
  const state = counting({ contestants: [wrong] });
  await expect(runBenchmark(state.benchmark, options)).rejects.toThrow("wrong result");
  expect(state.closed).toBe(1);
});

test("a machine with more than half its cores busy is warned about", () => {
  const machine = { cpu: "", cores: 4, memoryBytes: 1, system: "", node: "" };
  expect(loadWarning({ ...machine, loadBeforeRatio: 0.5 })).toBeUndefined();
  expect(loadWarning({ ...machine, loadBeforeRatio: 0.75 })).toContain("load 3.0 on 4 cores");
});

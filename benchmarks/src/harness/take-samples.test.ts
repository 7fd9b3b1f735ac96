import { expect, test } from "vitest";
import type { Contestant } from "./benchmark.ts";
import { takeSamples } from "./take-samples.ts";

const { signal } = new AbortController();
const rightAlways = (): void => {};

test("contestants take turns, the first of a round last in the next, warm-up not counted", async () => {
  const calls: string[] = [];
  let nowMs = 0;
  const contestant = (label: string, workMs: number): Contestant => ({
    label,
    run(round) {
      calls.push(`${label}${round}`);
      nowMs += workMs * (round + 1);
      return label;
    },
    check: (result) => expect(result).toBe(label),
  });
  const samples = await takeSamples({
    contestants: [contestant("a", 2), contestant("b", 3)],
    rounds: 3,
    warmupRounds: 1,
    signal,
    now: () => nowMs,
    cpu: () => nowMs / 2,
  });
  expect(calls).toEqual(["b0", "a0", "a0", "b0", "b1", "a1", "a2", "b2"]);
  expect(samples.of("a")).toEqual([2, 4, 6]);
  expect(samples.of("b")).toEqual([3, 6, 9]);
  expect(samples.medianMs("b")).toBe(6);
  expect(samples.medianCpuMs("b")).toBe(3);
  expect(() => samples.of("c")).toThrow(/one of the labels a, b/);
});

test("a sample of many calls is their mean, and promises are awaited inside it", async () => {
  let nowMs = 0;
  const contestant: Contestant = {
    label: "waits",
    callsPerSample: 4,
    async run() {
      await Promise.resolve();
      nowMs += 10;
      return 7;
    },
    check: (result) => expect(result).toBe(7),
  };
  const samples = await takeSamples({
    contestants: [contestant],
    rounds: 2,
    warmupRounds: 0,
    signal,
    now: () => nowMs,
    cpu: () => nowMs / 2,
  });
  expect(samples.of("waits")).toEqual([10, 10]);
});

test("a contestant whose work another process has done says what it took", async () => {
  const contestant: Contestant = {
    label: "elsewhere",
    run: () => 6,
    check: (result) => expect(result).toBe(6),
    measured: (result) => ({ wallMs: Number(result) / 2, cpuMs: Number(result) / 3 }),
  };
  const options = { rounds: 1, warmupRounds: 0, signal, now: () => 0, cpu: () => 0 };
  const samples = await takeSamples({ contestants: [contestant], ...options });
  expect(samples.of("elsewhere")).toEqual([3]);
  expect(samples.medianCpuMs("elsewhere")).toBe(2);
});

test("a wrong result ends the run, however fast it came", async () => {
  const wrong: Contestant = {
    label: "wrong",
    run: () => 41,
    check(result) {
      if (result !== 42) throw new Error("not the answer");
    },
  };
  const options = { rounds: 1, warmupRounds: 0, signal, now: () => 0, cpu: () => 0 };
  await expect(takeSamples({ contestants: [wrong], ...options })).rejects.toThrow("not the answer");
  const twice = { label: "same", run: () => 1, check: rightAlways };
  await expect(takeSamples({ contestants: [twice, twice], ...options })).rejects.toThrow(/labels/);
});

export {
  atLeast,
  atMost,
  type Benchmark,
  type Claim,
  type Contestant,
  type PreparedBenchmark,
  type PrepareOptions,
  type Samples,
} from "./harness/benchmark.ts";

import { readdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Benchmark } from "./benchmark.ts";
import { UnknownBenchmarkError } from "./benchmark-errors.ts";

/** `.ts` when tests run us from source, `.js` from dist. */
const EXTENSION = import.meta.url.endsWith(".ts") ? "ts" : "js";

/** Names of the folders beside the harness that hold a `benchmark` file. */
export async function benchmarkNames(folder: URL): Promise<readonly string[]> {
  const entries = await readdir(fileURLToPath(folder), { withFileTypes: true });
  const names: string[] = [];
  for (const entry of entries.filter((each) => each.isDirectory())) {
    const files = await readdir(new URL(`${entry.name}/`, folder));
    if (files.includes(`benchmark.${EXTENSION}`)) names.push(entry.name);
  }
  return names.toSorted();
}

/** @throws {UnknownBenchmarkError} */
export async function loadBenchmark(folder: URL, name: string): Promise<Benchmark> {
  const names = await benchmarkNames(folder);
  if (!names.includes(name)) throw new UnknownBenchmarkError(name, names);
  const module: { readonly benchmark: Benchmark } = await import(
    new URL(`${name}/benchmark.${EXTENSION}`, folder).href
  );
  return module.benchmark;
}

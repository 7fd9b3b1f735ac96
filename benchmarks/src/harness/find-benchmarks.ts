import { readdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Benchmark } from "./benchmark.ts";
import { UnknownBenchmarkError } from "./benchmark-errors.ts";

/** `.ts` when tests run us from source, `.js` from dist. */
const EXTENSION = import.meta.url.endsWith(".ts") ? "ts" : "js";

/** Names of the folders below this one that hold a `benchmark` file: `twin`, `data-path/keyset`. */
export async function benchmarkNames(folder: URL): Promise<readonly string[]> {
  const files = await readdir(fileURLToPath(folder), { recursive: true });
  return files
    .map((file) => file.replaceAll("\\", "/"))
    .filter((file) => file.endsWith(`/benchmark.${EXTENSION}`) && !file.startsWith("harness/"))
    .map((file) => file.slice(0, file.lastIndexOf("/")))
    .toSorted();
}

/**
 * Those that a person means by a name: one benchmark, or all of a folder.
 *
 * @throws {UnknownBenchmarkError} when it names none
 */
export async function benchmarksNamed(folder: URL, name: string): Promise<readonly string[]> {
  const names = await benchmarkNames(folder);
  const meant = names.filter((each) => each === name || each.startsWith(`${name}/`));
  if (meant.length === 0) throw new UnknownBenchmarkError(name, names);
  return meant;
}

/** @param name - one of `benchmarkNames` */
export async function loadBenchmark(folder: URL, name: string): Promise<Benchmark> {
  const module: { readonly benchmark: Benchmark } = await import(
    new URL(`${name}/benchmark.${EXTENSION}`, folder).href
  );
  return module.benchmark;
}

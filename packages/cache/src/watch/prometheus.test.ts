import { InvalidArgumentError } from "@upshift/foundation";
import parsePrometheusText, { type PrometheusMetric } from "parse-prometheus-text-format";
import { describe, expect, it } from "vitest";
import { sampleCounts } from "../../test/sample-counts.ts";
import type { CacheStats } from "./cache-stats.ts";
import { prometheusText } from "./prometheus.ts";

const stats: CacheStats = {
  definitions: { user: sampleCounts, price: { ...sampleCounts, misses: 1e15 } },
  memory: { entryCount: 20, sizeBytes: 21, evictedCount: 22 },
  redis: { breaker: "open", isInSync: true, queuedInvalidationCount: 23 },
};

/** By an independent reader of the format: name -> samples as `labels value`. */
function read(text: string): Record<string, string[]> {
  const metrics: PrometheusMetric[] = parsePrometheusText(text);
  return Object.fromEntries(
    metrics.map(({ name, metrics: samples }) => [
      name,
      samples.map(({ labels, value }) => `${JSON.stringify(labels ?? {})} ${value}`),
    ]),
  );
}

describe("the text for Prometheus", () => {
  it("holds every count under its name, by definition and level", () => {
    const metrics = read(prometheusText(stats));
    expect(metrics["upshift_cache_hits_total"]).toEqual([
      '{"definition":"user","level":"memory"} 1',
      '{"definition":"user","level":"redis"} 2',
      '{"definition":"price","level":"memory"} 1',
      '{"definition":"price","level":"redis"} 2',
    ]);
    expect(metrics["upshift_cache_misses_total"]).toEqual([
      '{"definition":"user"} 3',
      '{"definition":"price"} 1000000000000000',
    ]);
    const ofUser = Object.entries(metrics).flatMap(([name, [first]]) =>
      first?.startsWith('{"definition":"user"} ') ? [[name, Number(first.split(" ")[1])]] : [],
    );
    expect(Object.fromEntries(ofUser)).toEqual({
      upshift_cache_misses_total: 3,
      upshift_cache_loads_total: 4,
      upshift_cache_load_failures_total: 5,
      upshift_cache_load_timeouts_total: 6,
      upshift_cache_stale_reads_total: 7,
      upshift_cache_refused_fills_total: 8,
      upshift_cache_absorbed_reads_total: 9,
      upshift_cache_early_refreshes_total: 10,
      upshift_cache_invalidations_total: 11,
      upshift_cache_redis_failures_total: 12,
      upshift_cache_decode_failures_total: 13,
    });
    expect(metrics).toMatchObject({
      upshift_cache_memory_entries: ["{} 20"],
      upshift_cache_memory_size_bytes: ["{} 21"],
      upshift_cache_memory_evictions_total: ["{} 22"],
      upshift_cache_redis_breaker_open: ["{} 1"],
      upshift_cache_redis_in_sync: ["{} 1"],
      upshift_cache_redis_queued_invalidations: ["{} 23"],
    });
  });

  it("says of each metric what it is, once and before its samples, and calls counters by `_total`", () => {
    const lines = prometheusText(stats).trimEnd().split("\n");
    const types = lines.flatMap((line) => {
      const [, name, type] = /^# TYPE (\S+) (\S+)$/.exec(line) ?? [];
      return name === undefined ? [] : [[name, type] as const];
    });
    expect(new Set(types.map(([name]) => name)).size).toBe(types.length);
    for (const [name, type] of types)
      expect(type).toBe(name.endsWith("_total") ? "counter" : "gauge");
    let current: string | undefined;
    for (const line of lines) {
      const name = /^(?:# (?:HELP|TYPE) )?([a-z_]+)/.exec(line)?.[1];
      if (line.startsWith("# HELP ")) current = name;
      expect(name).toBe(current);
    }
    expect(prometheusText(stats).endsWith("\n")).toBe(true);
  });

  it("takes a prefix, and labels and names of definitions with anything in them", () => {
    const odd = 'a "quoted" \\ name\nin two lines, {user="1"}';
    const text = prometheusText(
      { ...stats, definitions: { [odd]: sampleCounts } },
      { prefix: "shop", labels: { cache: odd } },
    );
    expect(read(text)["shop_misses_total"]).toEqual([
      `${JSON.stringify({ cache: odd, definition: odd })} 3`,
    ]);
    expect(read(text)["shop_memory_entries"]).toEqual([`${JSON.stringify({ cache: odd })} 20`]);
  });

  it("has nothing to say of Redis where there is none", () => {
    const text = prometheusText({
      ...stats,
      redis: { breaker: "none", isInSync: true, queuedInvalidationCount: 0 },
    });
    expect(text).not.toMatch(/redis_(breaker|in_sync|queued)/);
  });

  it("refuses names that Prometheus does not take, and labels that are taken", () => {
    expect(() => prometheusText(stats, { prefix: "my-cache" })).toThrow(InvalidArgumentError);
    for (const name of ["a-b", "1a", "__name", "definition", "level", ""])
      expect(() => prometheusText(stats, { labels: { [name]: "x" } })).toThrow(
        InvalidArgumentError,
      );
  });
});

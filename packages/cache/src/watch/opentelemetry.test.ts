import {
  AggregationTemporality,
  DataPointType,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { sampleCounts } from "../../test/sample-counts.ts";
import type { CacheStats } from "./cache-stats.ts";
import { observeCache } from "./opentelemetry.ts";

const stats: CacheStats = {
  definitions: { user: sampleCounts },
  memory: { entryCount: 20, sizeBytes: 21, evictedCount: 22 },
  redis: { breaker: "closed", isInSync: true, queuedInvalidationCount: 23 },
};

let exporter: InMemoryMetricExporter;
let provider: MeterProvider;

beforeEach(() => {
  exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  provider = new MeterProvider({
    // Collects when asked: its own turn comes once an hour.
    readers: [new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 })],
  });
});
afterEach(() => provider.shutdown());

/** What the last collection exported: `name attributes` -> value. */
async function collect(): Promise<Record<string, unknown>> {
  exporter.reset();
  await provider.forceFlush();
  const metrics = exporter
    .getMetrics()
    .flatMap((one) => one.scopeMetrics.flatMap((scope) => scope.metrics));
  return Object.fromEntries(
    metrics.flatMap(({ descriptor, dataPoints }) =>
      dataPoints.map(({ attributes, value }) => [
        `${descriptor.name} ${JSON.stringify(attributes)}`,
        value,
      ]),
    ),
  );
}

describe("the metrics for OpenTelemetry", () => {
  it("reach an exporter of the SDK with every count, under names of its conventions", async () => {
    observeCache(provider.getMeter("test"), { stats: () => stats });
    const user = '{"upshift.cache.definition":"user"}';
    expect(await collect()).toEqual({
      'upshift.cache.hits {"upshift.cache.definition":"user","upshift.cache.level":"memory"}': 1,
      'upshift.cache.hits {"upshift.cache.definition":"user","upshift.cache.level":"redis"}': 2,
      [`upshift.cache.misses ${user}`]: 3,
      [`upshift.cache.loads ${user}`]: 4,
      [`upshift.cache.load.failures ${user}`]: 5,
      [`upshift.cache.load.timeouts ${user}`]: 6,
      [`upshift.cache.stale_reads ${user}`]: 7,
      [`upshift.cache.refused_fills ${user}`]: 8,
      [`upshift.cache.absorbed_reads ${user}`]: 9,
      [`upshift.cache.early_refreshes ${user}`]: 10,
      [`upshift.cache.invalidations ${user}`]: 11,
      [`upshift.cache.redis.failures ${user}`]: 12,
      [`upshift.cache.decode.failures ${user}`]: 13,
      "upshift.cache.memory.entries {}": 20,
      "upshift.cache.memory.size {}": 21,
      "upshift.cache.memory.evictions {}": 22,
      "upshift.cache.redis.breaker_open {}": 0,
      "upshift.cache.redis.in_sync {}": 1,
      "upshift.cache.redis.queued_invalidations {}": 23,
    });
  });

  it("are sums where they add up over processes, and gauges where they do not", async () => {
    observeCache(provider.getMeter("test"), { stats: () => stats });
    await provider.forceFlush();
    const kinds = exporter
      .getMetrics()
      .flatMap((one) => one.scopeMetrics.flatMap((scope) => scope.metrics))
      .map((metric) => [
        metric.descriptor.name,
        metric.dataPointType === DataPointType.SUM && metric.isMonotonic
          ? "counter"
          : metric.dataPointType === DataPointType.SUM
            ? "level"
            : "gauge",
      ]);
    const levels = new Set(["memory.entries", "memory.size", "redis.queued_invalidations"]);
    const gauges = new Set(["redis.breaker_open", "redis.in_sync"]);
    expect(kinds).toHaveLength(18);
    for (const [name = "", kind] of kinds) {
      const short = name.replace("upshift.cache.", "");
      expect([name, kind]).toEqual([
        name,
        levels.has(short) ? "level" : gauges.has(short) ? "gauge" : "counter",
      ]);
    }
  });

  it("ask the cache once per collection, carry given attributes, and end when stopped", async () => {
    let asked = 0;
    const cache = {
      stats(): CacheStats {
        asked += 1;
        return { ...stats, memory: { ...stats.memory, entryCount: asked } };
      },
    };
    const stop = observeCache(provider.getMeter("test"), cache, {
      attributes: { "upshift.cache.name": "shop" },
    });
    expect(asked).toBe(0);
    const entries = 'upshift.cache.memory.entries {"upshift.cache.name":"shop"}';
    expect((await collect())[entries]).toBe(1);
    expect((await collect())[entries]).toBe(2);
    stop();
    // The SDK goes on with what it was told last.
    expect((await collect())[entries]).toBe(2);
    expect(asked).toBe(2);
  });

  it("say nothing of Redis where there is none", async () => {
    const alone = { ...stats.redis, breaker: "none" as const };
    observeCache(provider.getMeter("test"), { stats: () => ({ ...stats, redis: alone }) });
    const names = Object.keys(await collect());
    expect(names.filter((name) => /redis\.(breaker|in_sync|queued)/.test(name))).toEqual([]);
    expect(names.length).toBeGreaterThan(10);
  });
});

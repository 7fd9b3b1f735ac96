import { InvalidArgumentError, kindOf, refuseUnknown } from "@upshift/foundation";
import type { CacheStats } from "./cache-stats.ts";
import { CACHE_METRICS, DEFINITION_METRICS, type Metric } from "./metric-table.ts";

/** What is used of a `Meter` of `@opentelemetry/api`; `Instrument` is its observable instruments. */
export interface ObservingMeter<Instrument> {
  createObservableCounter(name: string, options: InstrumentOptions): Instrument;
  createObservableUpDownCounter(name: string, options: InstrumentOptions): Instrument;
  createObservableGauge(name: string, options: InstrumentOptions): Instrument;
  addBatchObservableCallback(
    callback: (result: ObservationResult<Instrument>) => void,
    instruments: Instrument[],
  ): void;
  removeBatchObservableCallback(
    callback: (result: ObservationResult<Instrument>) => void,
    instruments: Instrument[],
  ): void;
}

export interface InstrumentOptions {
  readonly description: string;
  readonly unit: string;
}

export interface ObservationResult<Instrument> {
  observe(instrument: Instrument, value: number, attributes: Record<string, string>): void;
}

export interface ObserveCacheOptions {
  /** Added to every measurement: `{ "upshift.cache.name": "shop" }`, where a process has several caches. */
  readonly attributes?: Readonly<Record<string, string>>;
}

const OPTIONS: ReadonlySet<keyof ObserveCacheOptions> = new Set(["attributes"]);

/**
 * Reports what a cache counts through OpenTelemetry: `upshift.cache.hits` with attributes `upshift.cache.definition` and `upshift.cache.level`, and so on.
 *
 * Nothing runs between collections; each asks the cache for its stats once.
 *
 * @param meter - `metrics.getMeter("@upshift/cache")` of `@opentelemetry/api`
 * @returns stops it, for when the cache is closed; the SDK may go on to export what it was told last
 */
export function observeCache<Instrument>(
  meter: ObservingMeter<Instrument>,
  cache: { stats(): CacheStats },
  options: ObserveCacheOptions = {},
): () => void {
  if (typeof Object(meter).addBatchObservableCallback !== "function")
    throw new InvalidArgumentError("`meter` as `metrics.getMeter(…)` gives it", kindOf(meter));
  if (typeof Object(cache).stats !== "function")
    throw new InvalidArgumentError("`cache` as `createCache(…)` makes it", kindOf(cache));
  refuseUnknown("observeCache", options, OPTIONS);
  const { attributes = {} } = options;
  const ofDefinitions = DEFINITION_METRICS.map((metric) => ({
    metric,
    instrument: createInstrument(meter, metric),
  }));
  const ofCache = CACHE_METRICS.map((metric) => ({
    metric,
    instrument: createInstrument(meter, metric),
  }));
  const observe = (result: ObservationResult<Instrument>): void => {
    const stats = cache.stats();
    for (const [definition, counts] of Object.entries(stats.definitions))
      for (const { metric, instrument } of ofDefinitions)
        for (const { value, level } of metric.read(counts))
          result.observe(instrument, value, {
            ...attributes,
            "upshift.cache.definition": definition,
            ...(level && { "upshift.cache.level": level }),
          });
    for (const { metric, instrument } of ofCache) {
      const value = metric.read(stats);
      if (value !== undefined) result.observe(instrument, value, { ...attributes });
    }
  };
  const instruments = [...ofDefinitions, ...ofCache].map(({ instrument }) => instrument);
  meter.addBatchObservableCallback(observe, instruments);
  return () => {
    meter.removeBatchObservableCallback(observe, instruments);
  };
}

function createInstrument<Instrument>(
  meter: ObservingMeter<Instrument>,
  { name, help, kind, unit }: Metric,
): Instrument {
  const fullName = `upshift.cache.${name}`;
  const options = { description: help, unit };
  if (kind === "counter") return meter.createObservableCounter(fullName, options);
  return kind === "level"
    ? meter.createObservableUpDownCounter(fullName, options)
    : meter.createObservableGauge(fullName, options);
}

import { InvalidArgumentError, kindOf, refuseUnknown } from "@upshift/foundation";
import type { CacheStats } from "./cache-stats.ts";
import { CACHE_METRICS, DEFINITION_METRICS, type Metric } from "./metric-table.ts";

export interface PrometheusTextOptions {
  /** What the names begin with. Default is `upshift_cache`. */
  readonly prefix?: string;
  /** Added to every sample: `{ cache: "shop" }`. `definition` and `level` are taken. */
  readonly labels?: Readonly<Record<string, string>>;
}

const OPTIONS: ReadonlySet<keyof PrometheusTextOptions> = new Set(["prefix", "labels"]);

/** Source: https://prometheus.io/docs/concepts/data_model/ */
const METRIC_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const LABEL_NAME = /^(?!__)[a-zA-Z_][a-zA-Z0-9_]*$/;
const TAKEN_LABELS: ReadonlySet<string> = new Set(["definition", "level"]);

/**
 * What a cache counted, in the text format 0.0.4 of Prometheus: serve it as `text/plain; version=0.0.4`.
 *
 * Several caches of one process need one page, and a page may name each metric once: give each its own `prefix`.
 *
 * @throws {InvalidArgumentError} for names that Prometheus does not take
 */
export function prometheusText(stats: CacheStats, options: PrometheusTextOptions = {}): string {
  if (kindOf(Object(stats).definitions) !== "an object")
    throw new InvalidArgumentError("`stats` as `cache.stats()` gives them", kindOf(stats));
  refuseUnknown("prometheusText", options, OPTIONS);
  const { prefix = "upshift_cache", labels = {} } = options;
  if (!METRIC_NAME.test(prefix))
    throw new InvalidArgumentError("`prefix` as a name of letters, digits and `_`", prefix);
  for (const name of Object.keys(labels))
    if (!LABEL_NAME.test(name) || TAKEN_LABELS.has(name))
      throw new InvalidArgumentError(
        "`labels` with names of letters, digits and `_`, not `definition` or `level`",
        name,
      );
  const lines: string[] = [];
  for (const metric of DEFINITION_METRICS) {
    const name = fullName(prefix, metric);
    lines.push(...heading(name, metric));
    for (const [definition, counts] of Object.entries(stats.definitions))
      for (const { value, level } of metric.read(counts))
        lines.push(sample(name, { ...labels, definition, ...(level && { level }) }, value));
  }
  for (const metric of CACHE_METRICS) {
    const value = metric.read(stats);
    if (value === undefined) continue;
    const name = fullName(prefix, metric);
    lines.push(...heading(name, metric), sample(name, labels, value));
  }
  return `${lines.join("\n")}\n`;
}

function fullName(prefix: string, { name, kind, unit }: Metric): string {
  const base = `${prefix}_${name.replaceAll(".", "_")}`;
  if (kind === "counter") return `${base}_total`;
  return unit === "By" ? `${base}_bytes` : base;
}

function heading(name: string, { help, kind }: Metric): readonly string[] {
  return [`# HELP ${name} ${help}.`, `# TYPE ${name} ${kind === "counter" ? "counter" : "gauge"}`];
}

function sample(name: string, labels: Readonly<Record<string, string>>, value: number): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escape(text)}"`);
  return `${name}${pairs.length > 0 ? `{${pairs.join(",")}}` : ""} ${value}`;
}

function escape(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
}

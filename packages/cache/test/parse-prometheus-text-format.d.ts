/** The package has no types; this is what the tests use of it. */
declare module "parse-prometheus-text-format" {
  export interface PrometheusMetric {
    readonly name: string;
    readonly metrics: readonly {
      readonly labels?: Readonly<Record<string, string>>;
      readonly value: string;
    }[];
  }
  export default function parsePrometheusText(text: string): PrometheusMetric[];
}

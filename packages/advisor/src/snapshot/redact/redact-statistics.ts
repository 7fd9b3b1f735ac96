import type { ColumnStatistics, DatabaseSnapshot } from "../database-snapshot.ts";
import { parseArrayLiteral, formatArrayLiteral } from "./array-literal.ts";
import { type ValueKind, valueKind } from "./value-kind.ts";
import { redactArray, type ValueMaps } from "./value-redactor.ts";

/**
 * Statistics with every value replaced. Frequencies, counts, widths and correlations stay. Values of types that cannot be made
 * up are left out, as if ANALYZE had not collected them.
 */
export function redactStatistics(
  snapshot: DatabaseSnapshot,
  maps: ValueMaps,
): readonly ColumnStatistics[] {
  const kinds = new Map<string, ValueKind>();
  for (const relation of snapshot.relations) {
    for (const column of relation.columns) {
      kinds.set(
        JSON.stringify([relation.schema, relation.name, column.name]),
        valueKind(column.type, snapshot.types),
      );
    }
  }
  return snapshot.columnStatistics.map((statistics) => {
    const key = JSON.stringify([statistics.schema, statistics.relation, statistics.column]);
    return redactColumn(statistics, kinds.get(key) ?? guessKind(statistics), maps);
  });
}

function redactColumn(
  statistics: ColumnStatistics,
  kind: ValueKind,
  maps: ValueMaps,
): ColumnStatistics {
  const mostCommonValues = redactList(statistics.mostCommonValues, kind, maps);
  const elementKind = kind.kind === "array" ? kind.element : kind;
  const mostCommonElements = redactList(statistics.mostCommonElements, elementKind, maps);
  const lengths = redactList(statistics.rangeLengthHistogram, { kind: "number" }, maps);
  const bounds = redactList(statistics.rangeBoundsHistogram, kind, maps);
  return {
    ...statistics,
    mostCommonValues,
    mostCommonFrequencies: mostCommonValues === null ? null : statistics.mostCommonFrequencies,
    histogramBounds: sortIfText(redactHistogram(statistics, kind, maps), kind),
    mostCommonElements: sortIfText(mostCommonElements, elementKind),
    mostCommonElementFrequencies:
      mostCommonElements === null ? null : statistics.mostCommonElementFrequencies,
    elementCountHistogram: statistics.elementCountHistogram,
    rangeLengthHistogram: lengths,
    rangeEmptyFraction: lengths === null ? null : statistics.rangeEmptyFraction,
    rangeBoundsHistogram: bounds,
  };
}

function redactList(list: string | null, kind: ValueKind, maps: ValueMaps): string | null {
  return list === null ? null : redactArray(list, kind, maps);
}

/** The order of JSON documents does not survive new keys, and the planner searches histograms by halving. */
function redactHistogram(
  { histogramBounds }: ColumnStatistics,
  kind: ValueKind,
  maps: ValueMaps,
): string | null {
  return kind.kind === "json" ? null : redactList(histogramBounds, kind, maps);
}

/** A column's own collation may differ from the order of the codes; the planner needs its list sorted. */
function sortIfText(list: string | null, kind: ValueKind): string | null {
  if (list === null || kind.kind !== "text") return list;
  const elements = parseArrayLiteral(list);
  if (elements === null || !elements.every((element) => typeof element === "string")) return list;
  return formatArrayLiteral(elements.toSorted((left, right) => (left < right ? -1 : 1)));
}

/** Statistics of an index expression carry no type: told by what their values look like. */
function guessKind({ mostCommonValues, histogramBounds }: ColumnStatistics): ValueKind {
  const elements = [mostCommonValues, histogramBounds].flatMap((list) =>
    list === null ? [] : (parseArrayLiteral(list) ?? []),
  );
  const texts = elements.filter((element) => typeof element === "string");
  const are = (pattern: RegExp): boolean => texts.every((text) => pattern.test(text));
  if (texts.length === 0 || texts.length < elements.length) return { kind: "unknown" };
  if (are(/^[tf]$/)) return { kind: "kept" };
  if (are(/^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/)) return { kind: "number" };
  if (are(/^\d{4,6}-\d{2}-\d{2}$/)) return { kind: "date" };
  if (are(/^\d{4,6}-\d{2}-\d{2} [\d:.]+(?:[+-][\d:]+)?$/)) return { kind: "timestamp" };
  if (are(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/))
    return { kind: "uuid" };
  return { kind: "text" };
}

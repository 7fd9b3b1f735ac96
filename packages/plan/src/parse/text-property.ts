import { splitTopLevel } from "../expression/split-top-level.ts";
import type { Properties } from "./plan-document.ts";

/** Properties that JSON prints as a list and text joins with commas. */
const LISTS: ReadonlySet<string> = new Set([
  "Conflict Arbiter Indexes",
  "Group Key",
  "Output",
  "Params Evaluated",
  "Presorted Key",
  "Sampling Parameters",
  "Sort Key",
]);

/** Lines of figures are short; bounds the work on lines that were made up. */
const LONGEST_FIGURES = 2_000;

/** Expressions stay text even when they read `true` or `5`. */
const EXPRESSION =
  /^(?!Rows Removed).*(?:Filter|Cond|Condition|Key|Order By|Function Call|SQL|Name|Window)$/;

/** Short forms of counters in a text plan -> JSON's names, by the property they stand in. */
const COUNTERS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "Heap Blocks": { exact: "Exact Heap Blocks", lossy: "Lossy Heap Blocks" },
  WAL: {
    records: "WAL Records",
    fpi: "WAL FPI",
    bytes: "WAL Bytes",
    "buffers full": "WAL Buffers Full",
  },
  Tuples: {
    inserted: "Tuples Inserted",
    updated: "Tuples Updated",
    deleted: "Tuples Deleted",
    skipped: "Tuples Skipped",
  },
  Memory: { used: "Memory Used", allocated: "Memory Allocated" },
};

/**
 * Reads one `Key: value` of a text plan into JSON's properties; several where text packs them into one line.
 *
 * Source: PostgreSQL 18, src/backend/commands/explain.c, the show_* functions
 */
export function readProperty(key: string, text: string): Properties {
  const isLong = LISTS.has(key) || EXPRESSION.test(key);
  const value = isLong ? text : text.slice(0, LONGEST_FIGURES);
  const counters = COUNTERS[key];
  if (counters !== undefined) return readCounters(value, counters);
  switch (key) {
    case "Buffers":
      return readBuffers(value);
    case "I/O Timings":
      return readIoTimings(value);
    case "Sort Method":
      return readSortMethod(value);
    case "Full-sort Groups":
    case "Pre-sorted Groups":
      return { [key]: readSortGroups(value) };
    case "Buckets":
    case "Batches":
    case "Planned Partitions":
    case "Hits":
    case "Storage":
      return readPacked(`${key}: ${value}`);
    case "Sampling":
      return readSampling(value);
    case "Group Key":
    case "Hash Key":
      // Also a grouping set; the caller gathers repeated ones.
      return { [key]: value === "()" ? [] : splitTopLevel(value) };
    default:
      return { [key]: LISTS.has(key) ? splitTopLevel(value) : readScalar(key, value) };
  }
}

function readScalar(key: string, value: string): unknown {
  if (EXPRESSION.test(key)) return value;
  if (/^-?\d+(?:\.\d+)?$/.test(value)) return Number(value);
  if (value === "true") return true;
  return value === "false" ? false : value;
}

/** `exact=12 lossy=3`, `records=1 fpi=1 bytes=10 buffers full=2`, `used=10kB  allocated=16kB`. */
function readCounters(value: string, names: Readonly<Record<string, string>>): Properties {
  const properties: Properties = {};
  for (const [, name, count] of value.matchAll(/([a-z][a-z ]*?)=(\d+)/g)) {
    const known = names[name ?? ""];
    if (known !== undefined) properties[known] = Number(count);
  }
  return properties;
}

/** `shared hit=3 read=1, temp read=2 written=2` -> `Shared Hit Blocks`, … */
function readBuffers(value: string): Properties {
  const properties: Properties = {};
  for (const part of value.split(",")) {
    const kind = /\b(shared|local|temp)\b/.exec(part)?.[1];
    if (kind === undefined) continue;
    for (const [, counter, count] of part.matchAll(/(hit|read|dirtied|written)=(\d+)/g)) {
      properties[`${capitalize(kind)} ${capitalize(counter ?? "")} Blocks`] = Number(count);
    }
  }
  return properties;
}

/** `shared read=0.1 write=0.2, temp read=3`; before 17 `read=0.1`, in 15 and 16 `shared/local read=0.1`. */
function readIoTimings(value: string): Properties {
  const properties: Properties = {};
  for (const part of value.split(",")) {
    const kind = /\b(shared|local|temp)\s/.exec(part)?.[1];
    const prefix =
      kind === undefined || part.includes("shared/local") ? "" : `${capitalize(kind)} `;
    for (const [, direction, ms] of part.matchAll(/(read|write)=([\d.]+)/g)) {
      properties[`${prefix}I/O ${capitalize(direction ?? "")} Time`] = Number(ms);
    }
  }
  return properties;
}

/** `external merge  Disk: 5824kB`. */
function readSortMethod(value: string): Properties {
  const [, method, type, kilobytes] = /^(.*?)(?:\s+(Memory|Disk): (\d+)kB)?$/.exec(value) ?? [];
  return {
    "Sort Method": method ?? value,
    ...(type === undefined
      ? {}
      : { "Sort Space Used": Number(kilobytes), "Sort Space Type": type }),
  };
}

/** `2  Sort Methods: quicksort, top-N heapsort  Average Memory: 29kB  Peak Memory: 30kB`, perhaps the same for Disk. */
function readSortGroups(value: string): Properties {
  const methods = /Sort Methods?: (.*?)(?=\s{2}|$)/.exec(value)?.[1];
  const space = (kind: string): Properties => {
    const [, average, peak] =
      new RegExp(`Average ${kind}: (\\d+)kB\\s+Peak ${kind}: (\\d+)kB`).exec(value) ?? [];
    if (average === undefined) return {};
    return {
      [`Sort Space ${kind}`]: {
        "Average Sort Space Used": Number(average),
        "Peak Sort Space Used": Number(peak),
      },
    };
  };
  return {
    "Group Count": Number.parseInt(value, 10),
    "Sort Methods Used": methods === undefined ? [] : methods.split(", "),
    ...space("Memory"),
    ...space("Disk"),
  };
}

const PACKED: Readonly<Record<string, string>> = {
  Buckets: "Hash Buckets",
  Batches: "Hash Batches",
  "Memory Usage": "Peak Memory Usage",
  "Disk Usage": "Disk Usage",
  "Planned Partitions": "Planned Partitions",
  Hits: "Cache Hits",
  Misses: "Cache Misses",
  Evictions: "Cache Evictions",
  Overflows: "Cache Overflows",
  Storage: "Storage",
  "Maximum Storage": "Maximum Storage",
};

/** `Buckets: 1024 (originally 512)  Batches: 1  Memory Usage: 9kB` and its like: several properties in one line. */
function readPacked(line: string): Properties {
  const properties: Properties = {};
  for (const [, key, value, original] of line.matchAll(
    /([A-Z][A-Za-z ]*?): (\w+?)(?:kB)?(?: \(originally (\d+)\))?(?=\s|$)/g,
  )) {
    const name = PACKED[key ?? ""];
    if (name === undefined) continue;
    properties[name] = name === "Storage" ? value : Number(value);
    if (original !== undefined) properties[`Original ${name}`] = Number(original);
  }
  return properties;
}

/** `bernoulli ('10'::real) REPEATABLE ('7'::double precision)`. */
function readSampling(value: string): Properties {
  const [, method, parameters, seed] =
    /^(\S+) \((.*?)\)(?: REPEATABLE \((.*)\))?$/.exec(value) ?? [];
  return {
    "Sampling Method": method ?? value,
    "Sampling Parameters": parameters === undefined ? [] : splitTopLevel(parameters),
    ...(seed === undefined ? {} : { "Repeatable Seed": seed }),
  };
}

function capitalize(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

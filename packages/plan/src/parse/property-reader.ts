import type { Buffers } from "../plan.ts";
import type { Properties } from "./plan-document.ts";

/** Takes properties out of a record one by one; what is left at the end is what nobody asked for. */
export interface PropertyReader {
  readonly text: (name: string) => string | null;
  readonly number: (name: string) => number | null;
  readonly flag: (name: string) => boolean;
  readonly list: (name: string) => readonly string[];
  readonly buffers: () => Buffers | null;
  readonly take: (name: string) => unknown;
  /** Takes the property where it has its usual value, so that it does not stay in the rest. */
  readonly drop: (name: string, usual: unknown) => void;
  /** Everything not taken, without what says nothing: `false`, and zeros that a text plan leaves out. */
  readonly rest: () => Properties;
}

const ZERO_MEANS_ABSENT =
  /^(?:WAL |(?:Shared |Local |Temp )?I\/O |Planned Partitions$|Subplans Removed$|Rows Removed by Conflict Filter$|Tuples (?:Inserted|Updated|Deleted|Skipped)$)/;

export function createPropertyReader(properties: Properties): PropertyReader {
  const left = new Map(Object.entries(properties));
  const take = (name: string): unknown => {
    const value = left.get(name);
    left.delete(name);
    return value;
  };
  const number = (name: string): number | null => {
    const value = take(name);
    return typeof value === "number" && Number.isFinite(value) ? value : null;
  };
  return {
    take,
    drop(name, usual) {
      if (left.get(name) === usual) left.delete(name);
    },
    number,
    text(name) {
      const value = take(name);
      return typeof value === "string" ? value : null;
    },
    flag: (name) => take(name) === true,
    list(name) {
      const value = take(name);
      if (typeof value === "string") return [value];
      return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
    },
    buffers: () => readBuffers(number, properties),
    rest() {
      const rest: Properties = {};
      for (const [name, value] of left) {
        if (value === false || (value === 0 && ZERO_MEANS_ABSENT.test(name))) continue;
        rest[name] = value;
      }
      return rest;
    },
  };
}

function readBuffers(
  number: (name: string) => number | null,
  properties: Properties,
): Buffers | null {
  const isPresent = Object.keys(properties).some((name) =>
    / (?:Hit|Read|Dirtied|Written) Blocks$/.test(name),
  );
  if (!isPresent) return null;
  return {
    sharedHit: number("Shared Hit Blocks") ?? 0,
    sharedRead: number("Shared Read Blocks") ?? 0,
    sharedDirtied: number("Shared Dirtied Blocks") ?? 0,
    sharedWritten: number("Shared Written Blocks") ?? 0,
    localHit: number("Local Hit Blocks") ?? 0,
    localRead: number("Local Read Blocks") ?? 0,
    localDirtied: number("Local Dirtied Blocks") ?? 0,
    localWritten: number("Local Written Blocks") ?? 0,
    tempRead: number("Temp Read Blocks") ?? 0,
    tempWritten: number("Temp Written Blocks") ?? 0,
  };
}

/** No pages at all: what JSON prints for a node without any, where text prints nothing. */
export function isZero(buffers: Buffers): boolean {
  return Object.values(buffers).every((count) => count === 0);
}

/** Bounded work, as for every header: what comes after is not read. */
const LONGEST_HEADER = 2_000;
const MOST_RANGES = 32;

/** A media range of `Accept`. */
export interface MediaRange {
  /** `type/subtype` in lower case; either may be `*`. */
  readonly range: string;
  /** By name in lower case, without `q`. */
  readonly parameters: ReadonlyMap<string, string>;
  /** From 0, "not acceptable", to 1. */
  readonly quality: number;
}

const WEIGHT = /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/;
const RANGE = /^(?:\*\/\*|[\w!#$%&'^`|~.+-]+\/(?:\*|[\w!#$%&'^`|~.+-]+))$/;

/** What an `Accept` field says; what is malformed is passed over. Source: RFC 9110 12.5.1. */
export function parseAccept(header: string): readonly MediaRange[] {
  return header
    .slice(0, LONGEST_HEADER)
    .split(",", MOST_RANGES)
    .flatMap((item) => {
      const [range = "", ...rest] = item.split(";").map((part) => part.trim());
      if (!RANGE.test(range)) return [];
      const parameters = new Map(rest.map(toParameter));
      const weight = parameters.get("q") ?? "1";
      parameters.delete("q");
      return WEIGHT.test(weight)
        ? [{ range: range.toLowerCase(), parameters, quality: Number(weight) }]
        : [];
    });
}

function toParameter(text: string): readonly [string, string] {
  const equals = text.indexOf("=");
  if (equals < 0) return [text.toLowerCase(), ""];
  const value = text.slice(equals + 1).trim();
  const isQuoted = value.length > 1 && value.startsWith('"') && value.endsWith('"');
  return [
    text.slice(0, equals).trim().toLowerCase(),
    isQuoted ? value.slice(1, -1).replaceAll(/\\(.)/g, "$1") : value,
  ];
}

/**
 * The first of the types that a client wants most.
 *
 * A type's weight is that of the most specific range that names it; parameters are not looked at.
 *
 * @param types - `type/subtype` in lower case, best first; several names may mean one thing
 * @returns its index; `undefined` when the client refuses all
 */
export function chooseType(
  header: string | undefined,
  types: readonly (readonly string[])[],
): number | undefined {
  if (header === undefined || header.trim() === "") return 0;
  const ranges = parseAccept(header);
  let best: number | undefined;
  let bestQuality = 0;
  for (const [index, names] of types.entries()) {
    const quality = Math.max(...names.map((name) => qualityOf(name, ranges)));
    if (quality > bestQuality) [best, bestQuality] = [index, quality];
  }
  return best;
}

function qualityOf(type: string, ranges: readonly MediaRange[]): number {
  const [main = ""] = type.split("/");
  for (const wanted of [type, `${main}/*`, "*/*"]) {
    const found = ranges.filter(({ range }) => range === wanted);
    if (found.length > 0) return Math.max(...found.map(({ quality }) => quality));
  }
  return 0;
}

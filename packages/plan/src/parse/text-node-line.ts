import { parseNodeTitle } from "./text-node-title.ts";
import type { Properties } from "./plan-document.ts";

/** Where a node's figures begin; a wrapped line may break inside the first word, so the title is what stands before. */
const FIGURES = /\(\s*(?:cost\s*=|actual\s|never\s*executed)/;

/**
 * Reads the content of a node line, without its arrow: title, cost and actual figures, as JSON's properties.
 *
 * Nodes that no PostgreSQL of today prints are taken by their title as long as figures follow.
 *
 * @returns `null` when the line is no node
 */
export function parseNodeLine(line: string): Properties | null {
  const start = FIGURES.exec(line)?.index ?? -1;
  const title = (start === -1 ? line : line.slice(0, start)).trim();
  const properties = parseNodeTitle(title);
  if (start === -1) return properties;
  const figures = parseFigures(line.slice(start));
  if (figures === null) return null;
  return { ...(properties ?? readUnknownTitle(title)), ...figures };
}

/** What stands before a node's figures. */
export function titlePart(line: string): string {
  const start = FIGURES.exec(line)?.index ?? -1;
  return (start === -1 ? line : line.slice(0, start)).trim();
}

/** True when the text has a node's figures in it. */
export function hasFigures(text: string): boolean {
  return FIGURES.test(text);
}

function readUnknownTitle(title: string): Properties {
  const [, name, alias] = /^(.*?)(?: on (\S+(?: \S+)?))?$/.exec(title) ?? [];
  return { "Node Type": name ?? title, ...(alias === undefined ? {} : { Alias: alias }) };
}

/** `(cost=0.00..8.44 rows=1 width=4) (actual time=0.01..0.02 rows=1.00 loops=1)`; blanks are ignored, since wrapped lines add and lose them. */
function parseFigures(text: string): Properties | null {
  const tight = text.replaceAll(/\s+/g, "");
  // One cost instead of two: a plan of MySQL.
  if (/^\(cost=[\d.]+(?:rows=|\))/.test(tight) && !/^\(cost=\d+(?:\.\d+)?\.\./.test(tight))
    return null;
  const cost = /\(cost=(\d+(?:\.\d+)?)\.\.(\d+(?:\.\d+)?)rows=([\d.]+)width=(\d+)\)/.exec(tight);
  const actual = parseActual(tight);
  const never = tight.includes("(neverexecuted)");
  if (cost === null && actual === null && !never) return null;
  return {
    ...(cost === null
      ? {}
      : {
          "Startup Cost": Number(cost[1]),
          "Total Cost": Number(cost[2]),
          "Plan Rows": Number(cost[3]),
          "Plan Width": Number(cost[4]),
        }),
    ...actual,
    ...(never ? { "Actual Rows": 0, "Actual Loops": 0 } : {}),
  };
}

/** `actual time=0.01..0.02 rows=1 loops=1`, also without times (TIMING OFF) and as a worker line has it. */
export function parseActual(text: string): Properties | null {
  const tight = text.replaceAll(/\s+/g, "");
  const match =
    /actual(?:time=(\d+(?:\.\d+)?)\.\.(\d+(?:\.\d+)?))?rows=([\d.]+)loops=([\d.]+)/.exec(tight);
  if (match === null) return null;
  const [, startup, total, rows, loops] = match;
  return {
    ...(startup === undefined
      ? {}
      : { "Actual Startup Time": Number(startup), "Actual Total Time": Number(total) }),
    "Actual Rows": Number(rows),
    "Actual Loops": Number(loops),
  };
}

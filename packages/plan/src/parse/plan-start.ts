import { parseNodeTitle } from "./text-node-title.ts";
import { hasFigures, parseNodeLine, titlePart } from "./text-node-line.ts";
import type { PlanContext } from "./build-plan.ts";

/** The lines of the plan itself, and what stood before them. */
export interface FoundPlan extends PlanContext {
  readonly lines: readonly string[];
}

/** `LOG:  duration: 12.345 ms  plan:`, as auto_explain begins a plan. */
const LOG_DURATION = /duration: ([\d.]+) ms\s+plan:/g;

/**
 * Finds the root node's line: the first with a node's figures, else the first that is a node's title alone (COSTS OFF), else the
 * first that begins as a node does and goes on on the next line.
 *
 * @returns `null` when no line can be a root
 */
export function findPlan(lines: readonly string[]): FoundPlan | null {
  const start = findRoot(lines);
  if (start === -1) return null;
  const before = lines.slice(0, start);
  return {
    lines: lines.slice(start, findEnd(lines, start)),
    query: findQuery(before),
    executionMs: loggedDurationMs(before.join("\n")),
  };
}

/** Of the log entry that stands nearest before a plan; `null` without one. */
export function loggedDurationMs(before: string): number | null {
  const duration = [...before.matchAll(LOG_DURATION)].at(-1)?.[1];
  return duration === undefined ? null : Number(duration);
}

function findRoot(lines: readonly string[]): number {
  const withFigures = lines.findIndex((line) => !isComment(line) && isRoot(line));
  if (withFigures !== -1) {
    // A title above a child's figures is the root whose own figures were wrapped away.
    const cut = isChild(lines[withFigures])
      ? lines.slice(0, withFigures).findIndex((line) => isCutRoot(line))
      : -1;
    return cut === -1 ? withFigures : cut;
  }
  const titleOnly = lines.findIndex((line) => parseNodeTitle(line) !== null);
  return titleOnly === -1 ? lines.findIndex((line) => isCutRoot(line)) : titleOnly;
}

function isComment(line: string): boolean {
  return /^\s*(?:--|#|\/\/)/.test(line);
}

function isRoot(line: string): boolean {
  const content = line.trim().replace(/^->\s+/, "");
  return /^[A-Z]/.test(content) && hasFigures(content) && startsLikeNode(content);
}

function isChild(line: string | undefined): boolean {
  return line !== undefined && line.trimStart().startsWith("->");
}

/** The title is right, or the figures are; `Query Text: … (cost=` is neither. */
function startsLikeNode(content: string): boolean {
  if (parseNodeTitle(titlePart(content)) !== null) return true;
  return parseNodeLine(content) !== null && !/^[^(]*:\s/.test(content);
}

function isCutRoot(line: string): boolean {
  return (
    /^\s*(?:Parallel )?(?:Seq|Index|Index Only|Bitmap Heap|Function|CTE|Subquery|Foreign) Scan (?:Backward )?(?:using|on) \S+/.test(
      line,
    ) ||
    /^\s*(?:Limit|Sort|Aggregate|Gather|Gather Merge|Nested Loop|Hash Join|Merge Join|HashAggregate|GroupAggregate|Append|Result|Unique|WindowAgg)\s+\(\S*/.test(
      line,
    )
  );
}

/** The next log entry, or the remarks under an example, end the plan. */
function findEnd(lines: readonly string[], start: number): number {
  const end = lines.findIndex(
    (line, at) =>
      at > start && (/^\s*--(?:\s|$)/.test(line) || /^\d{4}-\d\d-\d\d[ T]\d\d:\d\d/.test(line)),
  );
  return end === -1 ? lines.length : end;
}

/** `Query Text: SELECT …` up to the plan; the statement may take many lines. */
function findQuery(before: readonly string[]): string | null {
  const at = before.findLastIndex((line) => /^\s*Query Text:/.test(line));
  if (at === -1) return null;
  const [first = "", ...rest] = before.slice(at);
  const query = [first.replace(/^\s*Query Text:\s*/, ""), ...rest]
    .filter((line) => !/^\s*Query Parameters:/.test(line))
    .join("\n")
    .trim();
  return query === "" ? null : query;
}

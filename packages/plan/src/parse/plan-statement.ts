import { parseNodeLine } from "./text-node-line.ts";
import type { Properties } from "./plan-document.ts";

/** What one line of a text plan is, told from the line alone. */
export type Statement =
  | { readonly kind: "node"; readonly column: number; readonly properties: Properties }
  /** A node's start whose figures a wrap may have moved to the next line. */
  | { readonly kind: "node-start"; readonly column: number }
  | { readonly kind: "subplan"; readonly column: number; readonly name: string }
  | {
      readonly kind: "worker";
      readonly column: number;
      readonly worker: number;
      readonly rest: string;
    }
  | { readonly kind: "trigger"; readonly text: string }
  | {
      readonly kind: "property";
      readonly column: number;
      readonly key: string;
      readonly value: string;
      readonly isKnown: boolean;
    };

const SUBPLAN = /^(?:CTE (?:"(?:[^"]|"")*"|\S+)|(?:InitPlan|SubPlan) \S+(?: \(returns [^)]*\))?)$/;
const PROPERTY = /^([A-Z][A-Za-z0-9/ _.-]{0,60}?):(?:\s+(.*))?$/s;

/** Keys that are never the rest of a wrapped line. */
const KNOWN =
  /^(?:(?:Join |One-Time |Conflict |TID )?Filter|(?:Index|Recheck|Hash|Merge|TID) Cond|(?:Sort|Group|Hash|Presorted|Cache) Key|Cache Mode|Order By|Sort Method|Output|Buffers|I\/O Timings|WAL|Rows Removed by (?:Filter|Join Filter|Index Recheck)|Heap (?:Fetches|Blocks)|Index Searches|Workers (?:Planned|Launched)|Buckets|Batches|Planned Partitions|Hits|Storage|(?:Full|Pre)-sort(?:ed)? Groups|Subplans Removed|Disabled|Single Copy|Inner Unique|Params Evaluated|Run Condition|Window|Function Call|Remote SQL|Relations|Sampling|Conflict (?:Resolution|Arbiter Indexes)|Tuples Inserted|Conflicting Tuples|Tuples|Planning|Planning [Tt]ime|Execution [Tt]ime|Total runtime|JIT|Functions|Options|Timing|Settings|Query Identifier|Query Text|Query Parameters|Serialization|Memory|Table Function Call)$/;

/** @returns `null` for a line that can only be the rest of the line before, or no part of a plan at all */
export function readStatement(line: string): Statement | null {
  const content = line.trim();
  const column = line.length - line.trimStart().length;
  const arrow = /^->\s+(?=[A-Z])/.exec(content);
  if (arrow !== null) {
    const properties = parseNodeLine(content.slice(arrow[0].length));
    return properties === null
      ? { kind: "node-start", column }
      : { kind: "node", column, properties };
  }
  if (SUBPLAN.test(content)) return { kind: "subplan", column, name: content };
  const [, number, rest] = /^Worker (\d+):\s*(.*)$/s.exec(content) ?? [];
  if (number !== undefined) {
    return { kind: "worker", column, worker: Number(number), rest: rest ?? "" };
  }
  if (/^Trigger .*: (?:time=[\d.]+ )?calls=/.test(content))
    return { kind: "trigger", text: content };
  const [, key, value] = PROPERTY.exec(content) ?? [];
  if (key === undefined) return null;
  return { kind: "property", column, key, value: (value ?? "").trim(), isKnown: KNOWN.test(key) };
}

/** Keys of the whole plan, which stand at its left edge. */
export function isPlanProperty(key: string): boolean {
  return /^(?:Planning|Planning [Tt]ime|Execution [Tt]ime|Total runtime|JIT|Settings|Query Identifier|Serialization|Time)$/.test(
    key,
  );
}

import { quoteIdentifier } from "../expression/quote-identifier.ts";
import { redactLiterals } from "../expression/redact-literals.ts";
import type { PlanNode } from "../plan.ts";

/** What a person reads of a condition; lists that programs write into queries run to megabytes. */
const LONGEST_SHOWN = 10_000;

/** A node as a text plan titles it, with its condition: `Seq Scan on orders  Filter: (user_id = $1)`. */
export function nodeText(node: PlanNode, withValues: boolean): string {
  const show = (text: string): string => {
    const start = text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text;
    return withValues ? start : redactLiterals(start);
  };
  const conditions = (
    [
      ["Index Cond", node.indexCond],
      ["Filter", node.filter],
      ["Join Filter", node.joinFilter],
      ["Sort Key", node.sortKey.length === 0 ? null : node.sortKey.join(", ")],
      ["Hash Cond", node.hashCond],
    ] as const
  ).flatMap(([label, text]) => (text === null ? [] : [`${label}: ${show(text)}`]));
  return [nodeTitle(node), ...conditions].join("  ");
}

/** `Parallel Index Scan using orders_pkey on orders o`. */
export function nodeTitle(node: PlanNode): string {
  const table = tableOf(node);
  const target = table ?? node.cteName ?? (node.alias === null ? null : node.alias);
  const alias = table !== null && node.alias !== null && node.alias !== node.relation;
  return [
    node.isParallelAware ? "Parallel " : "",
    typeName(node),
    node.isBackward ? " Backward" : "",
    node.index === null ? "" : ` using ${quoteIdentifier(node.index)}`,
    target === null ? "" : ` on ${table ?? quoteIdentifier(target)}`,
    alias ? ` ${quoteIdentifier(node.alias)}` : "",
  ].join("");
}

/** The type as text plans say it: `Hash Left Join`, `Partial HashAggregate`, `Update`. */
function typeName(node: PlanNode): string {
  const operation = node.extra["Operation"];
  if (node.type === "ModifyTable" && typeof operation === "string") return operation;
  if (node.type === "Aggregate") {
    const mode = node.extra["Partial Mode"];
    return `${typeof mode === "string" ? `${mode} ` : ""}${AGGREGATES[node.strategy ?? ""] ?? node.type}`;
  }
  if (node.joinType === null || node.joinType === "Inner") return node.type;
  if (node.type === "Nested Loop") return `Nested Loop ${node.joinType} Join`;
  return node.type.replace(/ Join$/, ` ${node.joinType} Join`);
}

const AGGREGATES: Readonly<Record<string, string>> = {
  Sorted: "GroupAggregate",
  Hashed: "HashAggregate",
  Mixed: "MixedAggregate",
};

/** The relation as SQL names it; the schema is left out where it is `public` or not known. */
export function tableOf(node: PlanNode): string | null {
  if (node.relation === null) return null;
  const name = quoteIdentifier(node.relation);
  return node.schema === null || node.schema === "public"
    ? name
    : `${quoteIdentifier(node.schema)}.${name}`;
}

/** The table that a node reads, else the first table below it. */
export function tableBelow(node: PlanNode): string | null {
  const waiting: PlanNode[] = [node];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const table = tableOf(next);
    if (table !== null) return table;
    waiting.push(...next.children.toReversed());
  }
  return null;
}

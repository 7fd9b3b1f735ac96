import type { NodeAnalysis, PlanAnalysis } from "../analyze/plan-analysis.ts";
import { redactLiterals } from "../expression/redact-literals.ts";
import type { Plan, PlanNode } from "../plan.ts";
import { nodeTitle } from "../finding/node-text.ts";
import { formatCount } from "../finding/format-count.ts";
import { nodeFlags } from "./node-flags.ts";
import { plainStyle, type PlanTreeStyle } from "./plan-tree-style.ts";

export interface PlanTreeOptions {
  /** Columns of the terminal; longer lines are cut. Default is 100. */
  readonly width?: number;
  /** Default is plain text. */
  readonly style?: PlanTreeStyle;
  /** Shows literals of conditions. Default is `true`: the tree echoes to its owner what was pasted. */
  readonly withValues?: boolean;
}

/** A node this much of the query is shown as hot. */
const HOT_RATIO = 0.3;
/** Deeper levels are not indented further, or nothing of the node would be seen. */
const DEEPEST_INDENT = 24;

/**
 * The plan as a tree for a terminal: own time (or own cost), its share, rows that came and rows planned, then the node with
 * its conditions and what is remarkable about it.
 */
export function renderPlanTree(
  plan: Plan,
  analysis: PlanAnalysis,
  options: PlanTreeOptions = {},
): string {
  const { width = 100, style = plainStyle, withValues = true } = options;
  const isTimed = analysis.rootMs !== null;
  const cells = plan.nodes.map((node) => figuresOf(node, analysis.nodes[node.id], isTimed));
  const header: Figures = {
    own: isTimed ? "self" : "cost",
    share: "share",
    rows: analysis.isMeasured ? "rows" : "",
    planned: "planned",
  };
  const widths = columnWidths([header, ...cells]);
  const left = (figures: Figures): string =>
    COLUMNS.map((column) => figures[column].padStart(widths[column])).join("  ");
  const blank = " ".repeat(left(header).length);
  const lines = [style.heading(cut(`${left(header)}   node`, width))];

  for (const { node, branch, below } of walk(plan.root)) {
    const figures = cells[node.id];
    if (figures === undefined) continue;
    const facts = analysis.nodes[node.id];
    const ratio = facts?.selfTimeRatio ?? facts?.selfCostRatio ?? 0;
    const show = ratio >= HOT_RATIO ? style.hot : style.node;
    lines.push(show(cut(`${left(figures)}   ${branch}${titleOf(node)}`, width)));
    for (const detail of detailsOf(node, withValues)) {
      lines.push(style.detail(cut(`${blank}   ${below}  ${detail}`, width)));
    }
    for (const flag of nodeFlags(node, facts)) {
      lines.push(style.warning(cut(`${blank}   ${below}  ! ${flag}`, width)));
    }
  }
  lines.push(...summaryOf(plan, analysis).map((line) => style.heading(cut(line, width))));
  return lines.join("\n");
}

interface Figures {
  readonly own: string;
  readonly share: string;
  readonly rows: string;
  readonly planned: string;
}

const COLUMNS = ["own", "share", "rows", "planned"] as const;

function figuresOf(node: PlanNode, facts: NodeAnalysis | undefined, isTimed: boolean): Figures {
  const own = isTimed ? facts?.selfMs : facts?.selfCost;
  const ratio = isTimed ? facts?.selfTimeRatio : facts?.selfCostRatio;
  const loops = node.loops ?? 1;
  return {
    own:
      own === null || own === undefined ? "" : isTimed ? `${formatMs(own)} ms` : formatCount(own),
    share: ratio === null || ratio === undefined ? "" : `${Math.round(ratio * 100)} %`,
    rows:
      node.rows === null
        ? ""
        : `${formatRows(node.rows)}${loops > 1 ? ` ×${formatCount(loops)}` : ""}`,
    planned: node.planRows === null ? "" : formatCount(node.planRows),
  };
}

function columnWidths(
  rows: readonly Figures[],
): Readonly<Record<(typeof COLUMNS)[number], number>> {
  const widest = (column: (typeof COLUMNS)[number]): number =>
    rows.reduce((most, row) => Math.max(most, row[column].length), 0);
  return {
    own: widest("own"),
    share: widest("share"),
    rows: widest("rows"),
    planned: widest("planned"),
  };
}

interface Branch {
  readonly node: PlanNode;
  /** What stands before the node's title. */
  readonly branch: string;
  /** What stands before the lines under it. */
  readonly below: string;
}

/**
 * Every node in the plan's order with its branch; on its own stack, since plans may be deep.
 *
 * @yields a node and what stands before its lines
 */
function* walk(root: PlanNode): Generator<Branch> {
  const waiting: { node: PlanNode; prefix: string; isLast: boolean }[] = [
    { node: root, prefix: "", isLast: true },
  ];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { node, prefix, isLast } = next;
    const isRoot = node.parentId === null;
    const inner = isRoot ? "" : `${prefix}${isLast ? "   " : "│  "}`;
    const indent = inner.length > DEEPEST_INDENT * 2 ? prefix : inner;
    yield {
      node,
      branch: isRoot ? "" : `${prefix}${isLast ? "└─ " : "├─ "}`,
      below: `${inner}${node.children.length > 0 ? "│" : " "}`,
    };
    for (const [at, child] of node.children.toReversed().entries()) {
      waiting.push({ node: child, prefix: indent, isLast: at === 0 });
    }
  }
}

function titleOf(node: PlanNode): string {
  return node.subplanName === null ? nodeTitle(node) : `${node.subplanName}: ${nodeTitle(node)}`;
}

function detailsOf(node: PlanNode, withValues: boolean): readonly string[] {
  const conditions = [
    ["Index Cond", node.indexCond],
    ["Recheck Cond", node.indexCond === null ? node.recheckCond : null],
    ["Hash Cond", node.hashCond],
    ["Merge Cond", node.mergeCond],
    ["Join Filter", node.joinFilter],
    ["Filter", node.filter],
    ["Sort Key", node.sortKey.length === 0 ? null : node.sortKey.join(", ")],
    ["Group Key", node.groupKey.length === 0 ? null : node.groupKey.join(", ")],
  ] as const;
  return conditions.flatMap(([label, text]) =>
    text === null ? [] : [`${label}: ${oneLine(withValues ? text : redactLiterals(text))}`],
  );
}

function summaryOf(plan: Plan, analysis: PlanAnalysis): readonly string[] {
  const parts = (
    [
      ["planning", plan.planningMs],
      ["execution", plan.executionMs],
      ["triggers", plan.triggerMs === 0 ? null : plan.triggerMs],
      ["JIT", plan.jitMs],
      ["serialization", plan.serializationMs],
      ["after the root", analysis.outsideMs === 0 ? null : analysis.outsideMs],
    ] as const
  ).flatMap(([label, ms]) => (ms === null ? [] : [`${label} ${formatMs(ms)} ms`]));
  return parts.length === 0 ? [] : [parts.join(", ")];
}

function formatMs(ms: number): string {
  if (ms >= 100) return formatCount(ms);
  return ms >= 1 ? ms.toFixed(1) : ms.toFixed(3);
}

function formatRows(rows: number): string {
  return rows > 0 && rows < 10 && !Number.isInteger(rows) ? rows.toFixed(2) : formatCount(rows);
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ");
}

function cut(text: string, width: number): string {
  const line = text.trimEnd();
  return line.length > width ? `${line.slice(0, Math.max(1, width - 1))}…` : line;
}

import type { Finding } from "@upshift/findings";
import type { PlanNode } from "../plan.ts";
import { formatCount } from "../finding/format-count.ts";
import { planFinding, titleOf } from "../finding/plan-finding.ts";
import type { PlanRule, PlanRuleContext } from "../plan-rule.ts";

/** A bitmap forgot its rows and kept pages only, so every row of those pages is tested again. */
export const lossyBitmap: PlanRule = {
  id: "plan/lossy-bitmap",
  find: (context) => context.plan.nodes.flatMap((node) => findIn(context, node)),
};

/** Bytes of a page's entry in a bitmap, with the hash table's spare room. Source: tidbitmap.c, tbm_calculate_entries. */
const ENTRY_BYTES = 80;

/** BRIN finds pages and no rows: it is lossy by its kind, and counts ten rows for each page. Source: brin.c, bringetbitmap. */
const BRIN_ROWS_PER_PAGE = 10;

function isLossyByKind(
  node: PlanNode,
  { lossy, pages }: { readonly lossy: number; readonly pages: number },
): boolean {
  const brinPages = bitmapScans(node)
    .map(({ rows, loops }) => (rows ?? 0) * (loops ?? 1))
    .filter((rows) => rows % BRIN_ROWS_PER_PAGE === 0)
    .reduce((sum, rows) => sum + rows / BRIN_ROWS_PER_PAGE, 0);
  return lossy === pages ? brinPages >= lossy : brinPages === lossy;
}

function bitmapScans(node: PlanNode): readonly PlanNode[] {
  return node.children.flatMap((child) =>
    child.type === "Bitmap Index Scan" ? [child] : child.children,
  );
}

function findIn(context: PlanRuleContext, node: PlanNode): readonly Finding[] {
  const workers = (name: string): number =>
    node.workers.reduce(
      (sum, { extra }) => sum + (typeof extra[name] === "number" ? extra[name] : 0),
      0,
    );
  const lossy = (node.lossyHeapBlocks ?? 0) + workers("Lossy Heap Blocks");
  const pages = lossy + (node.exactHeapBlocks ?? 0) + workers("Exact Heap Blocks");
  if (lossy < context.threshold("minLossyBlocks")) return [];
  if (lossy < context.threshold("minLossyRatio") * pages) return [];
  if (isLossyByKind(node, { lossy, pages })) return [];
  const rechecked = (node.rowsRemovedByRecheck ?? 0) * (node.loops ?? 1);
  const neededMb = Math.max(8, 2 ** Math.ceil(Math.log2((pages * ENTRY_BYTES) / 1024 / 1024)));
  return [
    planFinding(context, {
      rule: "plan/lossy-bitmap",
      node,
      confidence: "proven",
      title: `${titleOf(node)} tests every row of ${formatCount(lossy)} pages again: its bitmap did not fit into work_mem`,
      evidence: [
        { kind: "count", label: "lossy pages", value: lossy, unit: "pages" },
        { kind: "count", label: "pages read", value: pages, unit: "pages" },
        {
          kind: "count",
          label: "rows removed by the recheck",
          value: Math.round(rechecked),
          unit: "rows",
        },
      ],
      fix: {
        title: "Give this query more work_mem, or an index that finds fewer rows",
        sql: `SET work_mem = '${neededMb}MB';`,
        undo: "RESET work_mem;",
        caution:
          "work_mem counts per sort or hash and per process: set it for the query's session or role, not for the whole server.",
      },
      savedRatio: 0.5 * (lossy / pages),
    }),
  ];
}

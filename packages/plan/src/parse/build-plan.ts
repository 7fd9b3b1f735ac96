import type { Plan, PlanNode, TriggerTiming } from "../plan.ts";
import { buildNodeFacts, type NodeFacts } from "./build-node.ts";
import {
  isProperties,
  type NodeDocument,
  type PlanDocument,
  type Properties,
} from "./plan-document.ts";
import { createPropertyReader, isZero } from "./property-reader.ts";

/** A node while its children are still being added. */
type GrowingNode = NodeFacts & {
  readonly id: number;
  readonly parentId: number | null;
  readonly children: PlanNode[];
};

/**
 * Builds the plan from what a format was read into.
 *
 * @param query - the statement, where the text around the plan carried it
 */
export function buildPlan(document: PlanDocument, context: PlanContext): Plan {
  const nodes = buildNodes(document.root);
  const [root] = nodes;
  if (root === undefined) throw new RangeError("a plan has a root");
  const read = createPropertyReader(document.properties);
  const executionMs = read.number("Execution Time") ?? read.number("Total Runtime");
  const triggers = readTriggers(read.take("Triggers"), root.relation);
  const planning = createPropertyReader(asProperties(read.take("Planning"))).buffers();
  return {
    format: document.format,
    root,
    nodes,
    planningMs: read.number("Planning Time"),
    executionMs: executionMs ?? context.executionMs,
    triggerMs: sumTriggers(triggers, executionMs !== null),
    jitMs: readJitMs(read.take("JIT")),
    serializationMs: readNumber(asProperties(read.take("Serialization"))["Time"]),
    triggers,
    planningBuffers: planning === null || isZero(planning) ? null : planning,
    settings: readSettings(read.take("Settings")),
    query: read.text("Query Text") ?? context.query,
  };
}

/** What the text around the plan said. */
export interface PlanContext {
  readonly query: string | null;
  /** Duration of an auto_explain log line. */
  readonly executionMs: number | null;
}

/** Parents before children, each with its own number; walks with its own stack. */
function buildNodes(root: NodeDocument): readonly PlanNode[] {
  const nodes: GrowingNode[] = [];
  const waiting: { document: NodeDocument; parent: GrowingNode | null }[] = [
    { document: root, parent: null },
  ];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const node: GrowingNode = {
      ...buildNodeFacts(next.document.properties),
      id: nodes.length,
      parentId: next.parent?.id ?? null,
      children: [],
    };
    nodes.push(node);
    next.parent?.children.push(node);
    for (const document of next.document.children.toReversed()) {
      waiting.push({ document, parent: node });
    }
  }
  return settle(nodes);
}

/**
 * Makes alike what the formats tell differently for the whole plan: a node without pages, a node that never ran.
 *
 * Text prints no buffers for a node that touched none, so absence means 0 as soon as any node has some.
 */
function settle(nodes: readonly GrowingNode[]): readonly PlanNode[] {
  const hasBuffers = nodes.some((node) => node.buffers !== null && !isZero(node.buffers));
  const isTimed = nodes.some((node) => node.totalMs !== null && node.loops !== 0);
  for (const node of nodes) {
    Object.assign(node, {
      buffers: hasBuffers ? (node.buffers ?? NO_PAGES) : null,
      ...(node.loops === 0
        ? { rows: 0, startupMs: isTimed ? 0 : null, totalMs: isTimed ? 0 : null }
        : {}),
    });
  }
  return nodes;
}

const NO_PAGES = {
  sharedHit: 0,
  sharedRead: 0,
  sharedDirtied: 0,
  sharedWritten: 0,
  localHit: 0,
  localRead: 0,
  localDirtied: 0,
  localWritten: 0,
  tempRead: 0,
  tempWritten: 0,
} as const;

/** Text names the relation only where there are several; else it is the one that the statement writes. */
function readTriggers(value: unknown, written: string | null): readonly TriggerTiming[] {
  if (!Array.isArray(value)) return [];
  return (value as unknown[]).map((item) => {
    const read = createPropertyReader(asProperties(item));
    const constraint = read.text("Constraint Name");
    return {
      // Text leaves out the internal name of a constraint's trigger.
      name: constraint ?? read.text("Trigger Name") ?? "",
      constraint,
      relation: read.text("Relation") ?? written,
      totalMs: read.number("Time"),
      calls: read.number("Calls"),
    };
  });
}

function sumTriggers(triggers: readonly TriggerTiming[], isMeasured: boolean): number | null {
  if (triggers.length === 0) return isMeasured ? 0 : null;
  return triggers.reduce((sum, trigger) => sum + (trigger.totalMs ?? 0), 0);
}

/** `Timing.Total`: a number, or an object in newer versions. */
function readJitMs(jit: unknown): number | null {
  const { Total: total } = asProperties(asProperties(jit)["Timing"]);
  return readNumber(total);
}

function readSettings(value: unknown): Readonly<Record<string, string>> {
  const settings: Record<string, string> = {};
  for (const [name, setting] of Object.entries(asProperties(value))) {
    if (typeof setting === "string") settings[name] = setting;
  }
  return settings;
}

function readNumber(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

function asProperties(value: unknown): Properties {
  return isProperties(value) ? value : {};
}

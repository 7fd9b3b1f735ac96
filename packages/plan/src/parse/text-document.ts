import { PlanParseError } from "../plan-errors.ts";
import { joinWrappedLines } from "./logical-lines.ts";
import {
  isProperties,
  listIn,
  MAX_DEPTH,
  type NodeDocument,
  type PlanDocument,
  type Properties,
} from "./plan-document.ts";
import { addGroupingSet, addSortedSets } from "./grouping-sets.ts";
import { readPlanProperty, readTrigger } from "./text-plan-property.ts";
import { readProperty } from "./text-property.ts";
import { readStatement, type Statement } from "./plan-statement.ts";
import { parseActual, parseNodeLine } from "./text-node-line.ts";

interface OpenNode {
  readonly node: NodeDocument;
  /** Column of the node's arrow; the root's is -1, so that everything is below it. */
  readonly column: number;
}

/**
 * Reads a text plan into the shape of JSON's.
 *
 * The tree is in the arrows: a node belongs to the nearest earlier node whose arrow stands further left. Properties belong to
 * the node before them, since PostgreSQL prints them before any child.
 *
 * @param lines - from the root node's line on, out of frames and quotes
 * @throws {PlanParseError} when there is no node, or the indentation cannot be a plan's
 */
export function readTextDocument(lines: readonly string[]): PlanDocument {
  const [rootLine, ...rest] = joinWrappedLines(lines);
  const rootProperties =
    rootLine === undefined ? null : parseNodeLine(rootLine.trim().replace(/^->\s+/, ""));
  if (rootLine === undefined || rootProperties === null) throw new PlanParseError("text");

  const root: NodeDocument = { properties: rootProperties, children: [] };
  const reader = createReader(root, rootLine.length - rootLine.trimStart().length);
  for (const line of rest) {
    if (reader.read(line) === "end") break;
  }
  return { format: "text", root, properties: reader.planProperties };
}

interface Reader {
  readonly planProperties: Properties;
  readonly read: (line: string) => "end" | "more";
}

function createReader(root: NodeDocument, rootColumn: number): Reader {
  const planProperties: Properties = {};
  const path: OpenNode[] = [{ node: root, column: -1 }];
  let subplanName: string | null = null;
  let worker: { readonly properties: Properties; readonly column: number } | null = null;
  /** `Planning`, `JIT`: the section of the plan whose indented lines follow. */
  let section: string | null = null;

  const current = (): NodeDocument => (path.at(-1) ?? { node: root }).node;

  function addNode(column: number, properties: Properties): void {
    // Arrows left of their root: copied without indentation, so who is whose child is lost.
    if (column <= rootColumn && root.children.length > 0)
      throw new PlanParseError("lost-indentation");
    while (path.length > 1 && (path.at(-1)?.column ?? 0) >= column) path.pop();
    if (path.length > MAX_DEPTH) throw new PlanParseError("too-deep");
    const parent = current();
    const node: NodeDocument = {
      properties: { ...properties, ...relationOf(parent, subplanName) },
      children: [],
    };
    subplanName = null;
    worker = null;
    parent.children.push(node);
    path.push({ node, column });
  }

  function readWorker(statement: Statement & { readonly kind: "worker" }): void {
    const target = current().properties;
    const workers = listIn(target, "Workers");
    let properties = workers
      .filter((known) => isProperties(known))
      .find((known) => known["Worker Number"] === statement.worker);
    if (properties === undefined) {
      properties = { "Worker Number": statement.worker };
      workers.push(properties);
    }
    worker = { properties, column: statement.column };
    const property = readStatement(statement.rest);
    if (property?.kind === "property") {
      addProperty(properties, property.key, property.value, target["Node Type"]);
    } else Object.assign(properties, parseActual(statement.rest));
  }

  function readKey(statement: Statement & { readonly kind: "property" }): void {
    const { key, value, column } = statement;
    if (worker !== null && column > worker.column) {
      if (key !== "JIT" && !JIT_DETAILS.has(key)) {
        addProperty(worker.properties, key, value, current().properties["Node Type"]);
      }
      return;
    }
    worker = null;
    if (section !== null && (column > rootColumn || JIT_DETAILS.has(key))) {
      readPlanProperty(planProperties, section, key, value);
      return;
    }
    section = null;
    if (readPlanProperty(planProperties, null, key, value)) {
      if (SECTIONS.has(key)) section = key;
      return;
    }
    const node = current().properties;
    addProperty(node, key, value, node["Node Type"]);
  }

  return {
    planProperties,
    read(line) {
      const statement = readStatement(line);
      if (statement === null) {
        const content = line.trim();
        if (isTarget(current(), content)) {
          addTarget(current(), content);
          return "more";
        }
        // A node without an arrow after the root begins another plan.
        return parseNodeLine(content) === null ? "more" : "end";
      }
      switch (statement.kind) {
        case "node":
          addNode(statement.column, statement.properties);
          break;
        case "node-start":
          break;
        case "subplan":
          subplanName = statement.name;
          break;
        case "worker":
          readWorker(statement);
          break;
        case "trigger":
          readTrigger(planProperties, statement.text);
          break;
        case "property":
          readKey(statement);
          break;
      }
      return "more";
    },
  };
}

const SECTIONS: ReadonlySet<string> = new Set(["Planning", "JIT", "Serialization"]);
const JIT_DETAILS: ReadonlySet<string> = new Set(["Functions", "Options", "Timing"]);

/** JSON's `Parent Relationship` and `Subplan Name`, which text shows by position and by a line of its own. */
function relationOf(parent: NodeDocument, subplanName: string | null): Properties {
  if (subplanName !== null) {
    const kind = subplanName.startsWith("SubPlan") ? "SubPlan" : "InitPlan";
    return { "Parent Relationship": kind, "Subplan Name": subplanName };
  }
  const type = String(parent.properties["Node Type"]);
  if (/^(?:Append|Merge Append|BitmapAnd|BitmapOr)$/.test(type)) {
    return { "Parent Relationship": "Member" };
  }
  if (type === "Subquery Scan") return { "Parent Relationship": "Subquery" };
  // From the end: a plan may have thousands of CTEs before its first input.
  const isFirst =
    parent.children.findLast(({ properties }) => !("Subplan Name" in properties)) === undefined;
  return { "Parent Relationship": isFirst ? "Outer" : "Inner" };
}

function addProperty(properties: Properties, key: string, value: string, type: unknown): void {
  const read = readProperty(key, value);
  const isRepeated = "Group Key" in properties || "Grouping Sets" in properties;
  if (type === "Aggregate" && key === "Sort Key") addSortedSets(properties, read[key]);
  else if (key === "Hash Key" || (key === "Group Key" && isRepeated)) {
    addGroupingSet(properties, key, read[key]);
  } else if (key === "Batches" && type === "Aggregate") {
    Object.assign(properties, forAggregate(read));
  } else if (key === "Planned Partitions") Object.assign(properties, forAggregate(read));
  else Object.assign(properties, read);
}

/** Aggregates call their batches differently, and say nothing of a disk they did not use. */
function forAggregate(read: Properties): Properties {
  const { "Hash Batches": batches, ...rest } = read;
  return batches === undefined ? rest : { "Disk Usage": 0, ...rest, "HashAgg Batches": batches };
}

function isTarget(node: NodeDocument, line: string): boolean {
  const type = node.properties["Node Type"];
  if (type !== "ModifyTable" || node.children.length > 0) return false;
  return /^(?:Foreign )?(?:Insert|Update|Delete|Merge) on \S/.test(line);
}

/** `Update on part_1 p_1`: one of the tables that a statement on a partitioned table writes. */
function addTarget(node: NodeDocument, line: string): void {
  const { "Relation Name": name, Schema: schema, Alias: alias } = parseNodeLine(line) ?? {};
  listIn(node.properties, "Target Tables").push({
    "Relation Name": name,
    ...(schema === undefined ? {} : { Schema: schema }),
    Alias: alias,
  });
}

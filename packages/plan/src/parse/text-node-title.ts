import { parseTarget, takeIdentifier } from "./identifier.ts";
import type { Properties } from "./plan-document.ts";

/** Nodes whose title is their name alone. */
const PLAIN_NODES: ReadonlySet<string> = new Set([
  "Append",
  "BitmapAnd",
  "BitmapOr",
  "Gather",
  "Gather Merge",
  "Group",
  "Hash",
  "Incremental Sort",
  "Limit",
  "LockRows",
  "Materialize",
  "Memoize",
  "Merge Append",
  "ModifyTable",
  "ProjectSet",
  "Recursive Union",
  "Result",
  "Sort",
  "Unique",
  "WindowAgg",
]);

/** Nodes that may name what they read: `X using index on schema.table alias`. */
const SCANS =
  /^(Seq Scan|Sample Scan|Index Scan|Index Only Scan|Bitmap Index Scan|Bitmap Heap Scan|Tid Scan|Tid Range Scan|Subquery Scan|Function Scan|Table Function Scan|Values Scan|CTE Scan|Named Tuplestore Scan|WorkTable Scan|Foreign Scan|Custom Scan)(?= |$)/;

const AGGREGATES: Readonly<Record<string, string>> = {
  Aggregate: "Plain",
  GroupAggregate: "Sorted",
  HashAggregate: "Hashed",
  MixedAggregate: "Mixed",
};

/** The property that holds the name in `on NAME` for each scan that does not read a relation. */
const TARGET_PROPERTY: Readonly<Record<string, string | null>> = {
  "Function Scan": "Function Name",
  "Table Function Scan": "Table Function Name",
  "CTE Scan": "CTE Name",
  "WorkTable Scan": "CTE Name",
  "Named Tuplestore Scan": "Tuplestore Name",
  "Values Scan": null,
  "Subquery Scan": null,
};

const JOIN =
  /^(Nested Loop|Hash|Merge)(?: (Left|Full|Right Semi|Right Anti|Right|Semi|Anti))?( Join)?$/;

/**
 * Reads the title of a node in a text plan (`Parallel Index Scan Backward using i on s.t a`) into JSON's properties.
 *
 * @returns `null` when the text is no title of a node that PostgreSQL knows
 * Source: PostgreSQL 18, src/backend/commands/explain.c, ExplainNode
 */
export function parseNodeTitle(text: string): Properties | null {
  let title = text.trim();
  const properties: Properties = {};
  if (title.startsWith("Parallel ")) {
    properties["Parallel Aware"] = true;
    title = title.slice("Parallel ".length);
  }
  if (title.startsWith("Async ")) {
    properties["Async Capable"] = true;
    title = title.slice("Async ".length);
  }
  const rest =
    readPlain(title) ??
    readAggregate(title) ??
    readScan(title) ??
    readJoin(title) ??
    readModification(title) ??
    readSetOperation(title);
  return rest === null ? null : Object.assign(properties, rest);
}

function readPlain(title: string): Properties | null {
  return PLAIN_NODES.has(title) ? { "Node Type": title } : null;
}

function readAggregate(title: string): Properties | null {
  const [, mode, name] = /^(?:(Partial|Finalize) )?(\w+)$/.exec(title) ?? [];
  const strategy = name === undefined ? undefined : AGGREGATES[name];
  if (strategy === undefined) return null;
  return {
    "Node Type": "Aggregate",
    Strategy: strategy,
    ...(mode === undefined ? {} : { "Partial Mode": mode }),
  };
}

function readScan(title: string): Properties | null {
  const type = SCANS.exec(title)?.[1];
  if (type === undefined) return null;
  const properties: Properties = { "Node Type": type };
  let rest = title.slice(type.length).trimStart();
  const provider = type === "Custom Scan" ? /^\(([^)]*)\)\s*/.exec(rest) : null;
  if (provider !== null) {
    properties["Custom Plan Provider"] = provider[1];
    rest = rest.slice(provider[0].length);
  }
  if (rest.startsWith("Backward")) {
    properties["Scan Direction"] = "Backward";
    rest = rest.slice("Backward".length).trimStart();
  }
  if (rest.startsWith("using ")) {
    const [index, after] = takeIdentifier(rest.slice("using ".length)) ?? ["", ""];
    properties["Index Name"] = index;
    rest = after;
  }
  if (rest === "") return properties;
  if (!rest.startsWith("on ")) return null;
  return readTarget(properties, rest.slice("on ".length));
}

function readTarget(properties: Properties, text: string): Properties | null {
  const type = String(properties["Node Type"]);
  const target = parseTarget(text);
  if (target === null) return null;
  if (type === "Bitmap Index Scan") return { ...properties, "Index Name": target.name };
  const named = Object.hasOwn(TARGET_PROPERTY, type) ? TARGET_PROPERTY[type] : "Relation Name";
  return {
    ...properties,
    ...(typeof named === "string" ? { [named]: target.name } : {}),
    ...(target.schema === null ? {} : { Schema: target.schema }),
    Alias: target.alias ?? target.name,
  };
}

function readJoin(title: string): Properties | null {
  const [whole, kind, joinType, join] = JOIN.exec(title) ?? [];
  if (whole === undefined || kind === undefined) return null;
  // `Hash` alone is the node below a hash join, and `Merge` alone is no node.
  if (join === undefined && (kind !== "Nested Loop" || joinType !== undefined)) return null;
  return {
    "Node Type": kind === "Nested Loop" ? kind : `${kind} Join`,
    "Join Type": joinType ?? "Inner",
  };
}

function readModification(title: string): Properties | null {
  const [, foreign, operation, on] =
    /^(Foreign )?(Insert|Update|Delete|Merge)(?: on (.+))?$/.exec(title) ?? [];
  if (operation === undefined) return null;
  const properties: Properties = {
    "Node Type": foreign === undefined ? "ModifyTable" : "Foreign Scan",
    Operation: operation,
  };
  return on === undefined ? properties : readTarget(properties, on);
}

function readSetOperation(title: string): Properties | null {
  const [, hashed, command] =
    /^(Hash)?SetOp(?: (Intersect|Intersect All|Except|Except All))?$/.exec(title) ?? [];
  if (!/^(?:Hash)?SetOp(?: |$)/.test(title)) return null;
  return {
    "Node Type": "SetOp",
    Strategy: hashed === undefined ? "Sorted" : "Hashed",
    ...(command === undefined ? {} : { Command: command }),
  };
}

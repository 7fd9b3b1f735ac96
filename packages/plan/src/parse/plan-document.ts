/**
 * What both formats are read into before the plan is built: properties under the names that PostgreSQL's JSON gives them,
 * so that a text plan and a JSON plan meet in one shape.
 */
export interface PlanDocument {
  readonly format: "text" | "json";
  readonly root: NodeDocument;
  /** `Planning Time`, `Execution Time`, `Triggers`, `JIT`, `Settings`, `Planning`, `Query Text`, … */
  readonly properties: Properties;
}

export interface NodeDocument {
  readonly properties: Properties;
  readonly children: NodeDocument[];
}

/** PostgreSQL's own property names to values as JSON has them. */
export type Properties = Record<string, unknown>;

/** Plans nest by query structure; PostgreSQL's own stack limit is far below this. Bounds the walks up the tree. */
export const MAX_DEPTH = 5_000;

export function isProperties(value: unknown): value is Properties {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The record under a key, made when there is none. */
export function recordIn(properties: Properties, key: string): Properties {
  const known = properties[key];
  if (isProperties(known)) return known;
  const made: Properties = {};
  properties[key] = made;
  return made;
}

/** The list under a key, made when there is none. */
export function listIn(properties: Properties, key: string): unknown[] {
  const known: unknown = properties[key];
  if (Array.isArray(known)) return known;
  const made: unknown[] = [];
  properties[key] = made;
  return made;
}

import type { DatabaseSnapshot } from "./database-snapshot.ts";
import { SnapshotUnreadableError } from "./snapshot-errors.ts";

/** A snapshot as the text of a file; {@link parseSnapshot} reads it back. */
export function snapshotToJson(snapshot: DatabaseSnapshot): string {
  return `${JSON.stringify(snapshot, null, 2)}\n`;
}

/**
 * Reads a snapshot file.
 *
 * @throws {SnapshotUnreadableError} when it is not JSON, comes from another version, or lacks a part
 */
export function parseSnapshot(json: string): DatabaseSnapshot {
  let value: unknown;
  try {
    value = JSON.parse(json.replace(/^\uFEFF/, ""));
  } catch {
    // The parser's own message quotes the file.
    throw new SnapshotUnreadableError(
      "it is not JSON, or it was cut off. Take it again with `upshift snapshot`.",
    );
  }
  if (!isRecord(value) || !("schemaVersion" in value)) {
    throw new SnapshotUnreadableError(
      "it has no `schemaVersion`, so it is no snapshot. Take one with `upshift snapshot`.",
    );
  }
  if (value["schemaVersion"] !== 1) {
    throw new SnapshotUnreadableError(
      `its \`schemaVersion\` is ${JSON.stringify(value["schemaVersion"]).slice(0, 20)}, and this Upshift reads 1. Take it again with this version.`,
    );
  }
  const missing = firstMismatch(value, SNAPSHOT, "");
  if (missing !== null) {
    throw new SnapshotUnreadableError(
      `\`${missing}\` is missing or has the wrong type. Take it again with \`upshift snapshot\`.`,
    );
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the shape above has just been checked
  return value as unknown as DatabaseSnapshot;
}

/** A type by name, `?` for nullable; a list of one shape; or the fields of an object. */
type Shape = string | readonly [Shape] | { readonly [field: string]: Shape };

const ACTIVITY: Shape = "object?";
const NAMES: Shape = ["string"];

/** Every field that the advisor reads; those added within version 1 are optional and not listed. */
const SNAPSHOT: Shape = {
  capturedAtMs: "number",
  values: "string",
  server: {
    version: "string",
    versionNumber: "number",
    isInRecovery: "boolean",
    blockSizeBytes: "number",
  },
  database: {
    name: "string",
    encoding: "string",
    collationProvider: "string",
    collation: "string",
    isByteOrdered: "boolean",
  },
  settings: [{ name: "string", value: "string", source: "string" }],
  extensions: [{ name: "string", version: "string", schema: "string" }],
  schemas: NAMES,
  searchPath: NAMES,
  types: [{ schema: "string", name: "string", kind: "string", ddl: "string?" }],
  functions: [
    {
      schema: "string",
      name: "string",
      identityArguments: "string",
      ddl: "string",
      language: "string",
    },
  ],
  relations: [
    {
      oid: "number",
      schema: "string",
      name: "string",
      kind: "string",
      columns: [
        {
          number: "number",
          name: "string",
          type: "string",
          isNotNull: "boolean",
          collation: "string?",
          default: "string?",
          generated: "string?",
          statisticsTarget: "number?",
          options: NAMES,
          hasVisibleStatistics: "boolean",
        },
      ],
      pages: "number",
      rows: "number",
      allVisiblePages: "number",
      options: NAMES,
      partitionKey: "string?",
      partitionBound: "string?",
      parents: [{ schema: "string", name: "string" }],
      hasRowSecurity: "boolean",
      activity: ACTIVITY,
      lastAnalyzedAtMs: "number?",
    },
  ],
  views: [{ oid: "number", schema: "string", name: "string", ddl: "string" }],
  constraints: [
    {
      schema: "string",
      table: "string",
      name: "string",
      kind: "string",
      definition: "string",
      columns: NAMES,
      references: "object?",
      index: "string?",
    },
  ],
  indexes: [
    {
      oid: "number",
      schema: "string",
      name: "string",
      table: "string",
      definition: "string",
      method: "string",
      keys: [{ column: "string?", expression: "string", direction: "string", nulls: "string" }],
      include: NAMES,
      predicate: "string?",
      isUnique: "boolean",
      isConstraint: "boolean",
      isValid: "boolean",
      options: NAMES,
      pages: "number",
      rows: "number",
      scans: "number?",
      parent: "object?",
    },
  ],
  columnStatistics: [
    {
      schema: "string",
      relation: "string",
      column: "string",
      number: "number",
      inherited: "boolean",
      nullFraction: "number",
      averageWidthBytes: "number",
      distinct: "number",
      mostCommonValues: "string?",
      mostCommonFrequencies: "object?",
      histogramBounds: "string?",
      correlation: "number?",
    },
  ],
  extendedStatistics: [
    {
      schema: "string",
      name: "string",
      ddl: "string",
      inherited: "boolean",
      ndistinct: "string?",
      dependencies: "string?",
    },
  ],
  workload: {
    source: "string",
    note: "string?",
    queries: [{ id: "string", text: "string", calls: "number" }],
  },
  visibility: {
    role: "string",
    isSuperuser: "boolean",
    hidden: [{ what: "string", object: "string?", reason: "string", grant: "string?" }],
  },
};

/** @returns the path of the first part that is not as the shape says */
function firstMismatch(value: unknown, shape: Shape, path: string): string | null {
  if (typeof shape === "string") return isOfType(value, shape) ? null : path;
  if (isListShape(shape)) {
    if (!Array.isArray(value)) return path;
    for (const [index, element] of value.entries()) {
      const mismatch = firstMismatch(element, shape[0], `${path}[${index}]`);
      if (mismatch !== null) return mismatch;
    }
    return null;
  }
  if (!isRecord(value)) return path;
  for (const [field, fieldShape] of Object.entries(shape)) {
    const mismatch = firstMismatch(
      value[field],
      fieldShape,
      path === "" ? field : `${path}.${field}`,
    );
    if (mismatch !== null) return mismatch;
  }
  return null;
}

function isListShape(shape: Exclude<Shape, string>): shape is readonly [Shape] {
  return Array.isArray(shape);
}

function isOfType(value: unknown, shape: string): boolean {
  if (shape.endsWith("?")) return value === null || typeof value === shape.slice(0, -1);
  return typeof value === shape && value !== null;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

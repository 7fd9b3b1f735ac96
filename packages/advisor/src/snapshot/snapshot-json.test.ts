import { expect, test } from "vitest";
import type { DatabaseSnapshot } from "./database-snapshot.ts";
import { parseSnapshot, snapshotToJson } from "./snapshot-json.ts";

const SNAPSHOT: DatabaseSnapshot = {
  schemaVersion: 1,
  capturedAtMs: 0,
  values: "redacted",
  server: {
    version: "18.4",
    versionNumber: 180_004,
    isInRecovery: false,
    blockSizeBytes: 8_192,
    statisticsResetAtMs: null,
    startedAtMs: null,
  },
  database: {
    name: "shop",
    encoding: "UTF8",
    collationProvider: "c",
    collation: "C",
    isByteOrdered: true,
    sizeBytes: null,
  },
  settings: [],
  extensions: [],
  schemas: ["public"],
  searchPath: ["public"],
  types: [],
  functions: [],
  relations: [],
  views: [],
  constraints: [],
  indexes: [],
  columnStatistics: [],
  extendedStatistics: [],
  workload: { source: "none", note: "none", queries: [] },
  visibility: { role: "reader", isSuperuser: false, hidden: [] },
};

test("a snapshot is read back as it was written, with a byte-order mark too", () => {
  expect(parseSnapshot(snapshotToJson(SNAPSHOT))).toEqual(SNAPSHOT);
  expect(parseSnapshot(`\uFEFF${snapshotToJson(SNAPSHOT)}`)).toEqual(SNAPSHOT);
});

test.each([
  ["a JPEG", "\u00FF\u00D8\u00FF\u00E0\u0000\u0010JFIF", /not JSON/],
  ["a cut-off file", snapshotToJson(SNAPSHOT).slice(0, -20), /not JSON/],
  ["other JSON", "[1, 2]", /no `schemaVersion`/],
  ["null", "null", /no `schemaVersion`/],
  ["a later version", JSON.stringify({ ...SNAPSHOT, schemaVersion: 2 }), /`schemaVersion` is 2/],
  ["a missing part", JSON.stringify({ ...SNAPSHOT, indexes: undefined }), /`indexes` is missing/],
  [
    "a part of the wrong type",
    JSON.stringify({ ...SNAPSHOT, relations: [{ oid: "1" }] }),
    /`relations\[0\]\.oid` is missing or has the wrong type/,
  ],
])("%s is refused in one line that says why", (_case, json, reason) => {
  const error = thrownBy(() => parseSnapshot(json));
  expect(error).toMatchObject({ code: "UPSHIFT_SNAPSHOT_UNREADABLE" });
  expect(String(error)).toMatch(reason);
  expect(String(error)).not.toContain("\n");
});

function thrownBy(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    return error;
  }
}

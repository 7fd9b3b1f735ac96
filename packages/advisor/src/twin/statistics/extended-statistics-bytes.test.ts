import { describe, expect, it } from "vitest";
import {
  parseDependencyItems,
  parseDistinctItems,
  serializeDependencies,
  serializeDistinct,
} from "./extended-statistics-bytes.ts";

describe("extended statistics", () => {
  it("reads distinct combinations as pg_stats_ext prints them", () => {
    expect(parseDistinctItems('{"2, 3": 200, "2, -1": 1234}')).toEqual([
      { attributes: [2, 3], distinct: 200 },
      { attributes: [2, -1], distinct: 1234 },
    ]);
  });

  it("reads dependencies, the implied column last", () => {
    expect(parseDependencyItems('{"2 => 3": 0.500000, "2, 4 => 3": 1.000000}')).toEqual([
      { attributes: [2, 3], degree: 0.5 },
      { attributes: [2, 4, 3], degree: 1 },
    ]);
  });

  it("writes them without padding", () => {
    const distinct = serializeDistinct([{ attributes: [2, 3], distinct: 200 }]);
    expect(distinct).toHaveLength(12 + 8 + 4 + 2 * 2);
    expect(distinct.readDoubleLE(12)).toBe(200);
    expect(distinct.readInt16LE(24)).toBe(2);
    const dependencies = serializeDependencies([{ attributes: [2, 3], degree: 0.5 }]);
    expect(dependencies).toHaveLength(12 + 8 + 2 + 2 * 2);
    expect(dependencies.readInt16LE(20)).toBe(2);
  });
});

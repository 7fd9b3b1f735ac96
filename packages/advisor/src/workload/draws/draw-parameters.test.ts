import { beforeAll, describe, expect, it } from "vitest";
import { smallSnapshot } from "../../../test/fixtures/small-snapshot.ts";
import { createSchemaLookup } from "../schema-lookup.ts";
import { queryShape } from "../shape/extract-shape.ts";
import { loadSqlParser, type SqlParser } from "../sql-parser.ts";
import { drawParameters, type ParameterDraw } from "./draw-parameters.ts";

const schema = createSchemaLookup(
  smallSnapshot({
    tables: { orders: { columns: ["id bigint", "status text", "total numeric", "note text"] } },
    statistics: [
      {
        relation: "orders",
        column: "status",
        mostCommonValues: '{done,open,"odd \\"one\\""}',
        mostCommonFrequencies: [0.9, 0.09, 0.01],
      },
      { relation: "orders", column: "id", histogramBounds: "{0,25,50,75,100}" },
      {
        relation: "orders",
        column: "total",
        histogramBounds: `{${Array.from({ length: 101 }, (_, index) => index).join(",")}}`,
      },
    ],
  }),
);

let parser: SqlParser;
beforeAll(async () => {
  parser = await loadSqlParser();
});

function draw(predicate: string, parameterCount: number): readonly ParameterDraw[] | null {
  const parsed = parser.parse(`select 1 from orders where ${predicate}`);
  if ("refused" in parsed || parsed[0] === undefined) throw new Error("does not parse");
  return drawParameters(queryShape(parsed[0].node, schema, parser), parameterCount, schema);
}

function values(draws: readonly ParameterDraw[] | null, position = 0): readonly unknown[] {
  return (draws ?? []).map(({ parameters }) => parameters[position]);
}

describe("draws", () => {
  it("have weights that sum to 1 and give common values more of it, rare ones some", () => {
    const draws = draw("status = $1", 1);
    const weight = new Map((draws ?? []).map((item) => [item.parameters[0], item.weight]));
    // Rows at 1/6, 1/2, 5/6 are all "done" (90 %); the distinct ones are "open" and the rarest.
    expect(weight.get("done")).toBeCloseTo(3 / 5);
    expect(weight.get("open")).toBeCloseTo(1 / 5);
    expect(weight.get('odd "one"')).toBeCloseTo(1 / 5);
  });

  it("of a column whose values are alike are one", () => {
    expect(draw("id = $1", 1)).toEqual([{ parameters: ["50"], weight: expect.closeTo(1) }]);
  });

  it("of a range keep the shares of rows that they promise", () => {
    expect(values(draw("total > $1", 1))).toEqual(["99", "95", "80", "90", "50"]);
    expect(values(draw("total < $1", 1))).toEqual(["1", "5", "20", "10", "50"]);
  });

  it("of a range with two bounds never cross", () => {
    for (const { parameters } of draw("total between $1 and $2 and status = $3", 3) ?? []) {
      expect(Number(parameters[0])).toBeLessThanOrEqual(Number(parameters[1]));
    }
  });

  it("give LIMIT and OFFSET what pages have, arrays their literal, intervals a span", () => {
    const draws = draw("id = any($1) and status <> $2::text limit $3 offset $4", 4);
    expect(values(draws)[0]).toBe('{"0","25","50","75","100"}');
    expect(values(draws, 2)[0]).toBe("20");
    expect(values(draws, 3)[0]).toBe("0");
    expect(values(draw("now() > now() - $1::interval", 1))[0]).toBe("1 day");
  });

  it("are refused when a parameter's values are not known", () => {
    expect(draw("note = $1", 1)).toBeNull();
    expect(draw("lower(status) = $1", 1)).toBeNull();
    expect(draw("status = $1 and note = $2", 2)).toBeNull();
  });

  it("without parameters are one", () => {
    expect(draw("status = 'open'", 0)).toEqual([{ parameters: [], weight: 1 }]);
  });
});

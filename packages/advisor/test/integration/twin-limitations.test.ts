import { afterEach, describe, expect, it } from "vitest";
import type { DatabaseSnapshot } from "../../src/snapshot/database-snapshot.ts";
import { openTwin } from "../../src/twin/open-twin.ts";
import type { Twin } from "../../src/twin/twin.ts";
import { indexOf, snapshotOf, tableOf } from "./twin/made-up-snapshot.ts";

describe("a schema that the twin cannot take over whole", () => {
  let twin: Twin;

  afterEach(async () => {
    await twin?.close();
  });

  async function open(parts: Partial<DatabaseSnapshot>): Promise<Twin> {
    twin = await openTwin(snapshotOf(parts));
    return twin;
  }

  function cost(text: string, visible: ReadonlySet<string> = new Set()): Promise<number> {
    return twin.plan({ text, parameters: [] }, visible).then((planned) => planned.cost);
  }

  it("has text for the types of unknown extensions, and says so", async () => {
    await open({
      extensions: [{ name: "postgis", version: "3.5", schema: "public" }],
      relations: [
        tableOf(1, "places", [
          ["id", "integer"],
          ["shape", "geometry(Point,4326)"],
          ["shapes", "geometry[]"],
        ]),
        tableOf(2, "plain", [["id", "integer"]]),
      ],
      indexes: [
        indexOf(
          3,
          "places",
          "places_shape",
          "CREATE INDEX places_shape ON public.places USING gist (shape gist_geometry_ops_2d)",
        ),
        indexOf(4, "plain", "plain_id", "CREATE INDEX plain_id ON public.plain USING btree (id)"),
      ],
    });
    expect(twin.limitations.map((limitation) => limitation.object)).toEqual([
      "extension postgis",
      "public.places.shape",
      "public.places.shapes",
      "index public.places_shape",
    ]);
    expect(twin.indexes().map((index) => index.name)).toEqual(["plain_id"]);
    expect(await cost("SELECT * FROM places WHERE id = 5")).toBeGreaterThan(1000);
  });

  it("keeps going after functions, views, constraints and statistics that fail", async () => {
    await open({
      functions: [
        {
          schema: "public",
          name: "f",
          identityArguments: "",
          language: "plv8",
          ddl: "CREATE FUNCTION f() RETURNS int LANGUAGE plv8 AS 'return 1'",
        },
      ],
      relations: [tableOf(1, "t", [["id", "integer"]])],
      constraints: [
        {
          schema: "public",
          table: "t",
          name: "c",
          kind: "check",
          definition: "CHECK (f() > 0)",
          columns: ["id"],
          references: null,
          index: null,
          isValidated: true,
        },
      ],
      views: [{ oid: 9, schema: "public", name: "v", ddl: "CREATE VIEW v AS SELECT f()" }],
      columnStatistics: [
        {
          schema: "public",
          relation: "t",
          column: "id",
          number: 1,
          inherited: false,
          nullFraction: 0,
          averageWidthBytes: 4,
          distinct: -1,
          mostCommonValues: "{not a number}",
          mostCommonFrequencies: [0.5],
          histogramBounds: null,
          correlation: 0.5,
          mostCommonElements: null,
          mostCommonElementFrequencies: null,
          elementCountHistogram: null,
          rangeLengthHistogram: null,
          rangeEmptyFraction: null,
          rangeBoundsHistogram: null,
        },
      ],
    });
    expect(new Set(twin.limitations.map((limitation) => limitation.object))).toEqual(
      new Set(["function public.f", "constraint c of public.t", "public.t.id", "view public.v"]),
    );
    // 1000 pages, 100,000 rows, one comparison each: 1000 + 100,000 * (0.01 + 0.0025).
    expect(await cost("SELECT * FROM t WHERE id = 5")).toBeCloseTo(2250, 0);
  });

  it("tells equal names in several schemas apart, capitals and quotes too", async () => {
    const odd = `Odd "Table"`;
    await open({
      schemas: ["public", "Tenant B"],
      relations: [
        tableOf(1, odd, [["Id", "integer"]]),
        tableOf(2, odd, [["Id", "integer"]], { schema: "Tenant B", pages: 10, rows: 500 }),
      ],
      indexes: [
        indexOf(3, odd, "same", `CREATE INDEX same ON public."Odd ""Table""" USING btree ("Id")`),
        indexOf(
          4,
          odd,
          "same",
          `CREATE INDEX same ON "Tenant B"."Odd ""Table""" USING btree ("Id")`,
          { schema: "Tenant B", pages: 4, rows: 500 },
        ),
      ],
    });
    expect(twin.limitations).toEqual([]);
    const visible = new Set(twin.indexes().map((index) => index.id));
    expect(visible).toEqual(new Set([`"public"."same"`, `"Tenant B"."same"`]));
    const planned = await twin.plan(
      { text: `SELECT * FROM "Tenant B"."Odd ""Table""" WHERE "Id" = 5`, parameters: [] },
      visible,
    );
    expect([...planned.usedIndexes]).toEqual([`"Tenant B"."same"`]);
    const [candidate] = await twin.addIndexes([
      {
        schema: "Tenant B",
        table: odd,
        method: "btree",
        include: [],
        predicate: null,
        keys: [
          { expression: "Id", isColumn: true, direction: "desc", nulls: "first", opclass: null },
        ],
      },
    ]);
    expect(candidate).toMatchObject({
      ddl: `CREATE INDEX "Odd ""Table""_Id_desc_idx" ON "Tenant B"."Odd ""Table""" USING btree ("Id" DESC)`,
    });
  });

  it("takes partitions that are older than their parent, and generated columns", async () => {
    const column = tableOf(0, "", [["double", "integer"]]).columns[0];
    if (column === undefined) throw new Error("no column");
    await open({
      relations: [
        tableOf(
          1,
          "part",
          [
            ["b", "integer"],
            ["a", "integer"],
          ],
          {
            partitionBound: "FOR VALUES FROM (0) TO (100)",
            parents: [{ schema: "public", name: "whole" }],
          },
        ),
        tableOf(
          2,
          "whole",
          [
            ["a", "integer"],
            ["b", "integer"],
          ],
          {
            kind: "partitioned",
            partitionKey: "RANGE (a)",
            pages: 0,
            rows: 100_000,
          },
        ),
        {
          ...tableOf(3, "computed", [["a", "integer"]]),
          columns: [
            ...tableOf(3, "computed", [["a", "integer"]]).columns,
            { ...column, number: 2, default: "(a * 2)", generated: "virtual" },
          ],
        },
      ],
      indexes: [
        indexOf(
          4,
          "whole",
          "whole_b",
          "CREATE INDEX whole_b ON ONLY public.whole USING btree (b)",
          { pages: 0 },
        ),
        indexOf(5, "part", "part_b_idx", "CREATE INDEX part_b_idx ON public.part USING btree (b)", {
          parent: { schema: "public", name: "whole_b" },
        }),
      ],
    });
    expect(twin.limitations).toEqual([]);
    expect(twin.indexes()).toMatchObject([
      { name: "whole_b", sizeBytes: 300 * 8192, canHide: true },
    ]);
    const hidden = await cost("SELECT * FROM whole WHERE b = 7");
    const shown = await cost("SELECT * FROM whole WHERE b = 7", new Set([`"public"."whole_b"`]));
    expect(hidden).toBeGreaterThan(2000);
    expect(shown).toBeLessThan(hidden);
    expect(await cost("SELECT double FROM computed WHERE double = 8")).toBeGreaterThan(2000);
  });

  it("is empty for an empty database", async () => {
    await open({});
    expect(twin.indexes()).toEqual([]);
    expect(await twin.addIndexes([])).toEqual([]);
    expect(await cost("SELECT 1")).toBeCloseTo(0.01);
  });

  it("guesses from the width of a row where a table was never analysed", async () => {
    await open({
      relations: [tableOf(1, "fresh", [["id", "integer"]], { rows: -1, allVisiblePages: 0 })],
    });
    // Rows of 4 bytes: (8192 - 24) / (24 + 4 + 4) = 255 a page; 1000 + 255,000 * 0.01.
    expect(await cost("SELECT * FROM fresh")).toBeCloseTo(3550, -1);
  });

  it("holds a thousand tables", async () => {
    const oids = Array.from({ length: 1000 }, (_, position) => position);
    await open({
      relations: oids.map((oid) =>
        tableOf(oid + 1, `t${oid}`, [
          ["id", "integer"],
          ["name", "text"],
        ]),
      ),
      indexes: oids.map((oid) =>
        indexOf(
          5000 + oid,
          `t${oid}`,
          `t${oid}_id`,
          `CREATE INDEX t${oid}_id ON public.t${oid} USING btree (id)`,
        ),
      ),
    });
    expect(twin.limitations).toEqual([]);
    const visible = new Set(twin.indexes().map((index) => index.id));
    expect(visible.size).toBe(1000);
    expect(await cost("SELECT id FROM t777 WHERE id = 1", visible)).toBeLessThan(1000);
  }, 120_000);
});

describe("a statement", () => {
  it("is refused in PostgreSQL's own words, without its values", async () => {
    const twin = await openTwin(snapshotOf({ relations: [tableOf(1, "t", [["id", "integer"]])] }));
    try {
      const refusals: [string, "generic" | (string | null)[], RegExp][] = [
        ["SELEC 1", "generic", /syntax error at or near "SELEC"/u],
        ["SELECT * FROM nowhere", "generic", /relation "nowhere" does not exist/u],
        ["DROP TABLE t", "generic", /DROP has no plan/u],
        ["/* a */ -- b\n VACUUM", "generic", /VACUUM has no plan/u],
        ["SELECT 1; DROP TABLE t", "generic", /multiple commands/u],
        [" ; ", "generic", /no statement/u],
        ["SELECT * FROM t WHERE id = $1", ["1", "2"], /1 parameters, but 2 values/u],
        ["SELECT * FROM t WHERE id = $1", ["my secret"], /invalid input syntax for type integer$/u],
      ];
      for (const [text, parameters, message] of refusals) {
        const planning = twin.plan({ text, parameters }, new Set());
        await expect(planning).rejects.toMatchObject({
          code: "UPSHIFT_STATEMENT_NOT_PLANNABLE",
          message: expect.stringMatching(message),
        });
      }
      const { cost } = await twin.plan(
        { text: "SELECT * FROM t WHERE id = $1", parameters: ["5"] },
        new Set(),
      );
      expect(cost).toBeGreaterThan(1000);
      expect(await twin.describe("SELECT * FROM t WHERE id = ANY ($1) AND now() > $2")).toEqual({
        parameterTypes: ["integer[]", "timestamp with time zone"],
      });
    } finally {
      await twin.close();
    }
  });
});

import { afterEach, describe, expect, it } from "vitest";
import type { IndexDefinition } from "../../src/planner/planner.ts";
import type { DatabaseSnapshot } from "../../src/snapshot/database-snapshot.ts";
import { openTwin } from "../../src/twin/open-twin.ts";
import type { Twin } from "../../src/twin/twin.ts";
import { snapshotOf, tableOf } from "./twin/made-up-snapshot.ts";

function on(key: Partial<IndexDefinition["keys"][number]>, predicate: string | null = null) {
  return {
    schema: "public",
    table: "words",
    method: "btree",
    keys: [
      {
        expression: "word",
        isColumn: true,
        direction: "asc",
        nulls: "last",
        opclass: null,
        ...key,
      },
    ],
    include: [],
    predicate,
  } satisfies IndexDefinition;
}

function statistics(bounds: string): DatabaseSnapshot["columnStatistics"] {
  return [
    {
      schema: "public",
      relation: "words",
      column: "word",
      number: 1,
      inherited: false,
      nullFraction: 0,
      averageWidthBytes: 8,
      distinct: -1,
      mostCommonValues: null,
      mostCommonFrequencies: null,
      histogramBounds: bounds,
      correlation: 0,
      mostCommonElements: null,
      mostCommonElementFrequencies: null,
      elementCountHistogram: null,
      rangeLengthHistogram: null,
      rangeEmptyFraction: null,
      rangeBoundsHistogram: null,
    },
  ];
}

describe("what could break a twin", () => {
  let twin: Twin;

  afterEach(async () => {
    await twin?.close();
  });

  async function open(parts: Partial<DatabaseSnapshot>): Promise<void> {
    twin = await openTwin(
      snapshotOf({ relations: [tableOf(1, "words", [["word", "text"]])], ...parts }),
    );
  }

  function rows(text: string): Promise<number | null> {
    return twin.plan({ text, parameters: [] }, new Set()).then(({ plan }) => plan.root.planRows);
  }

  it("estimates trigram similarity beside other extensions, and lives on", async () => {
    const bounds = Array.from({ length: 101 }, (_, index) => `word ${1000 + index}`);
    await open({
      extensions: ["citext", "pg_trgm", "hstore", "ltree", "btree_gin", "btree_gist"].map(
        (name) => ({ name, version: "1.6", schema: "public" }),
      ),
      columnStatistics: statistics(`{${bounds.map((bound) => `"${bound}"`).join(",")}}`),
    });
    expect(twin.limitations).toEqual([]);
    // All bounds are similar, or none.
    expect(await rows("SELECT FROM words WHERE word % 'word 1050'")).toBeGreaterThan(50_000);
    expect(await rows("SELECT FROM words WHERE word % 'zzz'")).toBeLessThan(5000);
    expect(await rows("SELECT 1")).toBe(1);
  });

  it("places text in the histogram by code points where libc's C.UTF-8 does", async () => {
    await open({
      database: {
        ...snapshotOf({}).database,
        collationProvider: "c",
        collation: "C.UTF-8",
        isByteOrdered: false,
      },
      columnStatistics: statistics("{A,B,Z,a,z}"),
    });
    // Upper case comes first: from B to a are two of four steps.
    expect(await rows("SELECT FROM words WHERE word >= 'B' AND word < 'a'")).toBeCloseTo(
      50_000,
      -3,
    );
  });

  it("says that it cannot take different texts for equal", async () => {
    await open({
      collations: [
        {
          schema: "public",
          name: "ci",
          ddl: "CREATE COLLATION public.ci (PROVIDER = icu, LOCALE = 'und-u-ks-level2', DETERMINISTIC = false)",
        },
      ],
    });
    expect(twin.limitations.map(({ object }) => object)).toEqual(["collation public.ci"]);
  });

  it("refuses a definition that would end the statement and start another", async () => {
    await open({});
    const end = "DROP TABLE public.words";
    const added = await twin.addIndexes([
      on({}, `word > 'a'; ${end}`),
      on({ expression: `word)); ${end}; --`, isColumn: false }),
      on({ opclass: `text_ops); ${end}; --` }),
      on({ expression: `word"); ${end}; --` }),
      on({}),
    ]);
    expect(added.map((index) => "refused" in index)).toEqual([true, true, true, true, false]);
    expect(await rows("SELECT FROM words")).toBe(100_000);
  });
});

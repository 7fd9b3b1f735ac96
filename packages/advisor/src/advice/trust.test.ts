import { expect, it } from "vitest";
import { smallSnapshot } from "../../test/fixtures/small-snapshot.ts";
import type { IndexDefinition } from "../planner/planner.ts";
import type { HiddenFact } from "../snapshot/database-snapshot.ts";
import { createSchemaLookup } from "../workload/schema-lookup.ts";
import { doubtsAbout } from "./trust.ts";

const GRANT = "GRANT SELECT ON ALL TABLES IN SCHEMA public TO app;";
const OF_SCHEMA: HiddenFact = {
  what: "column-statistics",
  object: "public",
  reason: "hidden",
  grant: GRANT,
};

/** Doubts about an index on `t (a)` whose statistics the role may not see. */
function doubts(...hidden: readonly HiddenFact[]): string {
  const base = smallSnapshot({ tables: { t: { columns: ["a int", "b int"] } } });
  const schema = createSchemaLookup({
    ...base,
    relations: base.relations.map((relation) =>
      Object.assign({}, relation, {
        columns: relation.columns.map((column) =>
          Object.assign({}, column, { hasVisibleStatistics: false }),
        ),
      }),
    ),
    visibility: { ...base.visibility, hidden },
  });
  const definition: IndexDefinition = {
    schema: "public",
    table: "t",
    method: "btree",
    keys: [{ expression: "a", isColumn: true, direction: "asc", nulls: "last", opclass: null }],
    include: [],
    predicate: null,
  };
  return doubtsAbout({ definition, assumption: null }, schema).join("\n");
}

it("names the GRANT of the whole schema where that is what is missing", () => {
  expect(doubts(OF_SCHEMA)).toContain(`To verify it: ${GRANT}`);
  expect(doubts({ ...OF_SCHEMA, object: "sales" })).not.toContain("GRANT");
});

it("prefers the GRANT of the table itself", () => {
  const grant = "GRANT SELECT (a) ON TABLE public.t TO app;";
  expect(doubts(OF_SCHEMA, { ...OF_SCHEMA, object: "public.t", grant })).toContain(grant);
});

it("promises nothing of a GRANT where row-level security hides the rows", () => {
  const security: HiddenFact = {
    what: "row-security",
    object: "public.t",
    reason: "hidden",
    grant: null,
  };
  expect(doubts(OF_SCHEMA, security)).toContain("No GRANT shows them");
  expect(doubts(OF_SCHEMA, security)).not.toContain(GRANT);
});

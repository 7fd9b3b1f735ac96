import { beforeAll, describe, expect, it } from "vitest";
import { type IndexSketch, smallSnapshot } from "../../../test/fixtures/small-snapshot.ts";
import { createSchemaLookup } from "../../workload/schema-lookup.ts";
import { queryShape } from "../../workload/shape/extract-shape.ts";
import { loadSqlParser, type SqlParser } from "../../workload/sql-parser.ts";
import { generateCandidates } from "../generate-candidates.ts";
import { btreeGenerator } from "./btree-generator.ts";

let parser: SqlParser;
beforeAll(async () => {
  parser = await loadSqlParser();
});

interface Options {
  readonly indexes?: readonly IndexSketch[];
  readonly isByteOrdered?: boolean;
  readonly pages?: number;
}

/** Candidates as `table(keys) include (…) where …`. */
function candidates(sql: string | readonly string[], options: Options = {}): readonly string[] {
  const base = smallSnapshot({
    tables: {
      orders: {
        columns: [
          "id bigint",
          "user_id bigint",
          "tenant_id integer",
          "status text",
          "total numeric",
          "created_at timestamptz",
          "data jsonb",
          "place point",
          "tags text[]",
          "sent boolean",
        ],
        ...(options.pages === undefined ? {} : { pages: options.pages }),
      },
      users: { columns: ["id bigint", "email text"] },
    },
    statistics: [
      {
        relation: "orders",
        column: "status",
        distinct: 3,
        mostCommonValues: "{done,open,pending}",
        mostCommonFrequencies: [0.9, 0.08, 0.02],
      },
      { relation: "orders", column: "total", nullFraction: 0.1 },
      {
        relation: "orders",
        column: "sent",
        distinct: 2,
        mostCommonValues: "{t,f}",
        mostCommonFrequencies: [0.95, 0.05],
      },
      {
        relation: "orders",
        column: "tenant_id",
        distinct: 10,
        mostCommonValues: "{1,2,3,4,5}",
        mostCommonFrequencies: [0.1, 0.1, 0.1, 0.1, 0.1],
      },
    ],
    ...(options.indexes === undefined ? {} : { indexes: options.indexes }),
  });
  const schema = createSchemaLookup({
    ...base,
    database: { ...base.database, isByteOrdered: options.isByteOrdered ?? false },
  });
  const statements = [sql].flat().map((text, index) => {
    const parsed = parser.parse(text);
    if ("refused" in parsed || parsed[0] === undefined) throw new Error(text);
    return { id: `q${index}`, calls: 1, shape: queryShape(parsed[0].node, schema, parser) };
  });
  return generateCandidates(statements, schema, [btreeGenerator]).map(({ definition }) => {
    const keys = definition.keys.map(({ expression, direction, nulls, opclass }) =>
      [
        expression,
        opclass,
        direction === "desc" ? "desc" : null,
        (nulls === "first") === (direction === "desc") ? null : `nulls ${nulls}`,
      ]
        .filter((part) => part !== null)
        .join(" "),
    );
    const include =
      definition.include.length > 0 ? ` include (${definition.include.join(", ")})` : "";
    const where = definition.predicate === null ? "" : ` where ${definition.predicate}`;
    return `${definition.table}(${keys.join(", ")})${include}${where}`;
  });
}

describe("keys", () => {
  it("puts equality before the one range and before the sort", () => {
    const found = candidates(
      "select * from orders where total > $1 and user_id = $2 order by created_at limit 10",
    );
    expect(found).toContain("orders(user_id, total)");
    expect(found).toContain("orders(user_id, created_at)");
    expect(found).toContain("orders(user_id, created_at, total)");
    expect(found).not.toContain("orders(total, user_id)");
  });

  it("tries both orders of two equality columns", () => {
    const found = candidates("select * from orders where user_id = $1 and tenant_id = $2");
    expect(found).toContain("orders(user_id, tenant_id)");
    expect(found).toContain("orders(tenant_id, user_id)");
    expect(found).toContain("orders(user_id)");
  });

  it("keeps a sort usable behind an IN list, and the list usable behind the sort", () => {
    const found = candidates(
      "select * from orders where status in ($1, $2) and user_id = $3 order by created_at",
    );
    expect(found).toContain("orders(user_id, created_at, status)");
    expect(found).toContain("orders(user_id, status, created_at)");
  });

  it("keeps mixed directions and NULLS, and reads plain descending backwards", () => {
    expect(candidates("select * from orders order by user_id, created_at desc limit 5")).toContain(
      "orders(user_id, created_at desc)",
    );
    expect(candidates("select * from orders order by created_at desc limit 5")).toContain(
      "orders(created_at)",
    );
    expect(
      candidates("select * from orders order by created_at desc nulls last limit 5"),
    ).toContain("orders(created_at desc nulls last)");
  });

  it("offers join keys alone, before the filter and behind it", () => {
    const found = candidates(
      "select * from users u join orders o on o.user_id = u.id where o.status = $1",
    );
    expect(found).toContain("orders(user_id)");
    expect(found).toContain("orders(user_id, status)");
    expect(found).toContain("orders(status, user_id)");
    expect(found).toContain("users(id)");
  });

  it("offers each arm of an OR its own index", () => {
    const found = candidates("select * from orders where user_id = $1 or tenant_id = $2");
    expect(found).toContain("orders(user_id)");
    expect(found).toContain("orders(tenant_id)");
    expect(found).not.toContain("orders(user_id, tenant_id)");
  });

  it("serves a keyset page by its row comparison", () => {
    expect(
      candidates(
        "select * from orders where tenant_id = $1 and (created_at, id) < ($2, $3) order by created_at desc, id desc limit 20",
      ),
    ).toContain("orders(tenant_id, created_at, id)");
  });

  it("never has more than four", () => {
    const found = candidates(
      "select * from orders where user_id = $1 and tenant_id = $2 and status = $3 and total = $4 and created_at > $5",
    );
    for (const text of found) expect(text.split("(")[1]?.split(",").length).toBeLessThanOrEqual(4);
  });

  it("serves UPDATE and DELETE, and no plain INSERT", () => {
    expect(candidates("update orders set total = 0 where user_id = $1")).toContain(
      "orders(user_id)",
    );
    expect(candidates("delete from orders where created_at < $1")).toContain("orders(created_at)");
    expect(candidates("insert into orders (id) values ($1)")).toEqual([]);
  });
});

describe("LIKE", () => {
  it("needs pattern operators unless the collation sorts by bytes", () => {
    const sql = "select * from users where email like 'ab%'";
    expect(candidates(sql)).toContain("users(email text_pattern_ops)");
    expect(candidates(sql, { isByteOrdered: true })).toContain("users(email)");
  });
});

describe("an early stop", () => {
  it("is not offered where a filter could come first", () => {
    const found = candidates("select * from orders where status = $1 order by created_at limit 5");
    expect(found).toContain("orders(status, created_at)");
    expect(found).not.toContain("orders(created_at)");
  });
});

describe("what the index carries", () => {
  it("includes a few narrow columns that the statement reads, for reads only", () => {
    expect(candidates("select total from orders where user_id = $1")).toContain(
      "orders(user_id) include (total)",
    );
    expect(candidates("select * from orders where user_id = $1")).toEqual(["orders(user_id)"]);
    expect(candidates("update orders set total = 1 where user_id = $1 returning status")).toEqual([
      "orders(user_id)",
    ]);
  });

  it("never includes the whole row", () => {
    expect(candidates("select id, email from users where email = $1")).toEqual(["users(email)"]);
  });

  it("leaves out rows by a rare category, a boolean or a NULL in the text, never by a parameter", () => {
    const found = candidates(
      "select * from orders where status = 'pending' and total is null and user_id = $1",
    );
    expect(found).toContain("orders(user_id) where status = 'pending' AND total IS NULL");
    expect(found).toContain("orders(user_id) where status = 'pending'");
    expect(candidates("select * from orders where status = $1").join()).not.toContain("where");
    expect(candidates("select id from orders where status = 'pending'")).toContain(
      "orders(status) where status = 'pending'",
    );
  });

  it("writes one predicate for NOT done and done = false", () => {
    const found = candidates([
      "select * from orders where not sent and user_id = $1",
      "select * from orders where sent = false and user_id = $1",
    ]);
    expect(found.filter((text) => text.includes("where"))).toEqual([
      "orders(user_id) where NOT sent",
    ]);
  });

  it("takes the keys that another statement asks of the same rows, where one asks for none", () => {
    expect(candidates("select count(*) from orders where not sent")).toContain(
      "orders(sent) where NOT sent",
    );
    const both = candidates([
      "select count(*) from orders where not sent",
      "select * from orders where not sent and total > $1",
    ]);
    expect(both).toContain("orders(total) where NOT sent");
    expect(both).not.toContain("orders(sent) where NOT sent");
  });

  it("includes no column that the workload updates", () => {
    const found = candidates([
      "select total from orders where user_id = $1",
      "update orders set total = $1 where id = $2",
    ]);
    expect(found).toContain("orders(user_id)");
    expect(found.join()).not.toContain("include (total)");
  });

  it("leaves out no rows by a common value, nor by one of the many that an id has", () => {
    expect(candidates("select * from orders where status = 'done'").join()).not.toContain("where");
    expect(candidates("select * from orders where tenant_id = 5").join()).not.toContain("where");
    expect(candidates("select * from orders where user_id = 5").join()).not.toContain("where");
  });
});

function existing(keys: readonly string[], change: Partial<IndexSketch> = {}): Options {
  return { indexes: [{ name: "i", table: "orders", keys, ...change }] };
}

describe("what is not offered", () => {
  it("has no key of a type without an order", () => {
    expect(candidates("select 1 from orders where data = $1 and place = $2 and tags = $3")).toEqual(
      [],
    );
  });

  it("no index on a table of a few pages", () => {
    expect(candidates("select * from orders where user_id = $1", { pages: 9 })).toEqual([]);
    expect(candidates("select * from orders where user_id = $1", { pages: 10 })).not.toEqual([]);
  });

  it("no index that is there, forwards, backwards or as the start of another", () => {
    const sql = "select * from orders where user_id = $1";
    expect(candidates(sql, existing(["user_id"]))).toEqual([]);
    expect(candidates(sql, existing(["user_id desc"]))).toEqual([]);
    expect(candidates(sql, existing(["user_id", "status"]))).toEqual([]);
    expect(candidates(sql, existing(["status", "user_id"]))).toEqual(["orders(user_id)"]);
    expect(candidates(sql, existing(["user_id"], { predicate: "(total > 0)" }))).toEqual([
      "orders(user_id)",
    ]);
    expect(candidates(sql, existing(["user_id"], { isValid: false }))).toEqual(["orders(user_id)"]);
  });

  it("no partial index that is there, however the catalog writes its predicate", () => {
    const sql = "select * from orders where not sent and user_id = $1";
    for (const predicate of ["(NOT sent)", "(sent = false)"]) {
      expect(candidates(sql, existing(["user_id"], { predicate })).join()).not.toContain("where");
    }
    const text = "select * from orders where status = 'pending' and user_id = $1";
    const predicate = `((status)::character varying(20) = 'pending'::clinic."Status")`;
    expect(candidates(text, existing(["user_id"], { predicate })).join()).not.toContain("where");
  });

  it("nothing for a lookup by a unique key", () => {
    const options: Options = {
      indexes: [{ name: "orders_pkey", table: "orders", keys: ["id"], isUnique: true }],
    };
    expect(candidates("select * from orders where id = $1 and status = $2", options)).toEqual([]);
  });
});

it("names each index once, however many statements want it", () => {
  const found = candidates([
    "select * from orders where user_id = $1",
    "delete from orders where user_id = $1",
  ]);
  expect(found).toEqual(["orders(user_id)"]);
});

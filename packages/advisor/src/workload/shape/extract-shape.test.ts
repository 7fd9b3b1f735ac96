import { beforeAll, describe, expect, it } from "vitest";
import { smallSnapshot } from "../../../test/fixtures/small-snapshot.ts";
import { createSchemaLookup } from "../schema-lookup.ts";
import { loadSqlParser, type SqlParser } from "../sql-parser.ts";
import { queryShape } from "./extract-shape.ts";
import type { QueryShape, TableOccurrence } from "./query-shape.ts";

const snapshot = smallSnapshot({
  tables: {
    users: { columns: ["id bigint", "email text", "active boolean", "deleted_at timestamptz"] },
    orders: {
      columns: [
        "id bigint",
        "user_id bigint",
        "status text",
        "total numeric",
        "created_at timestamptz",
      ],
    },
    items: { columns: ["id bigint", "order_id bigint", "sku text", "qty integer"] },
    "Odd Name": { columns: ["Id bigint", "Ünïcode text"] },
  },
  views: {
    open_orders:
      "CREATE VIEW public.open_orders AS SELECT o.id, o.user_id AS buyer FROM orders o WHERE o.status = 'open'::text;",
    looping: "CREATE VIEW public.looping AS SELECT id FROM looping",
  },
});
const schema = createSchemaLookup(snapshot);

let parser: SqlParser;
beforeAll(async () => {
  parser = await loadSqlParser();
});

function shapeOf(sql: string): QueryShape {
  const parsed = parser.parse(sql);
  if ("refused" in parsed || parsed[0] === undefined) throw new Error(`does not parse: ${sql}`);
  return queryShape(parsed[0].node, schema, parser);
}

/** `column:kind` of the conjunction. */
function conditions(occurrence: TableOccurrence | undefined): readonly string[] {
  return (occurrence?.conditions ?? []).map(({ column, kind }) => `${column}:${kind}`);
}

function joins(shape: QueryShape, index: number): readonly string[] {
  return (shape.occurrences[index]?.joins ?? []).map(({ column, other }) => {
    const table = other === null ? null : shape.occurrences[other.occurrence]?.relation.name;
    return `${column}=${table === null ? "?" : `${table}.${other?.column}`}`;
  });
}

function orders(occurrence: TableOccurrence | undefined): readonly string[] {
  return (occurrence?.orders ?? []).map(
    ({ keys, reason, hasLimit }) =>
      `${reason}(${keys.map((k) => `${k.column} ${k.direction} ${k.nulls}`).join(", ")})${hasLimit ? " limit" : ""}`,
  );
}

describe("conditions", () => {
  it.each([
    ["status = $1", ["status:equality"]],
    ["$1 = status", ["status:equality"]],
    ["status::text = $1", ["status:equality"]],
    ["total > $1", ["total:range"]],
    ["$1 > total", ["total:range"]],
    ["total between $1 and $2", ["total:range", "total:range"]],
    ["status in ($1, $2)", ["status:in"]],
    ["status in ($1 /*, ... */)", ["status:in"]],
    ["user_id = any($1)", ["user_id:in"]],
    ["user_id = any($1::bigint[])", ["user_id:in"]],
    ["status is null", ["status:null"]],
    ["status is not null", ["status:not-null"]],
    ["status is not distinct from $1", ["status:equality"]],
    ["status like 'ab%'", ["status:prefix"]],
    ["status like '%ab'", ["status:other"]],
    ["status like $1", ["status:prefix"]],
    ["status like $1 || '%'", ["status:prefix"]],
    ["status ~ '^ab'", ["status:prefix"]],
    ["status ~ 'ab'", ["status:other"]],
    ["status <> 'x'", ["status:other"]],
    ["(user_id, status) = ($1, $2)", ["user_id:equality", "status:equality"]],
    ["total = user_id", []],
    ["total + 1 = $1", []],
    ["user_id::numeric = $1", []],
    ["lower(status) = $1", []],
    ["true", []],
  ])("%s", (predicate, expected) => {
    expect(conditions(shapeOf(`select id from orders where ${predicate}`).occurrences[0])).toEqual(
      expected,
    );
  });

  it("takes a boolean column, NOT and IS TRUE as equalities with a literal", () => {
    const [users] = shapeOf(
      "select 1 from users where active and not active and active is true",
    ).occurrences;
    expect(users?.conditions.map(({ literal }) => literal)).toEqual([
      "active",
      "NOT active",
      "active",
    ]);
  });

  it("keeps the text of literals that are the same in every call, and of no range", () => {
    const [table] = shapeOf(
      "select 1 from orders o where o.status = 'it''s' and total > 5 and user_id in (1, 2) and created_at is null and status <> $1",
    ).occurrences;
    expect(table?.conditions.map(({ literal }) => literal)).toEqual([
      `status = 'it''s'`,
      null,
      "user_id IN (1, 2)",
      "created_at IS NULL",
      null,
    ]);
  });

  it("lists the arms of an OR apart", () => {
    const [table] = shapeOf(
      "select 1 from orders where total > 3 and (status = $1 or (user_id = $2 and id = $3))",
    ).occurrences;
    expect(conditions(table)).toEqual(["total:range"]);
    expect(
      table?.alternatives.map((arm) => arm.map(({ column, kind }) => `${column}:${kind}`)),
    ).toEqual([["status:equality"], ["user_id:equality", "id:equality"]]);
  });

  it("takes a row comparison as one range with what follows", () => {
    const [table] = shapeOf(
      "select 1 from orders where (created_at, id) < ($1, $2) order by created_at desc, id desc limit $3",
    ).occurrences;
    expect(table?.conditions).toMatchObject([
      { column: "created_at", kind: "range", following: ["id"] },
    ]);
  });

  it("finds quoted and non-ASCII names", () => {
    const [odd] = shapeOf('select "Id" from "Odd Name" where "Ünïcode" = \'ö\'').occurrences;
    expect(odd?.conditions.map(({ literal }) => literal)).toEqual([`"Ünïcode" = 'ö'`]);
  });
});

describe("joins", () => {
  it("are noted on both sides, for ON, USING, and WHERE", () => {
    const on = shapeOf("select 1 from orders o join items i on i.order_id = o.id");
    expect(joins(on, 0)).toEqual(["id=items.order_id"]);
    expect(joins(on, 1)).toEqual(["order_id=orders.id"]);
    expect(joins(shapeOf("select 1 from orders o, items i where i.order_id = o.id"), 1)).toEqual([
      "order_id=orders.id",
    ]);
    expect(joins(shapeOf("select 1 from orders join items using (id)"), 1)).toEqual([
      "id=orders.id",
    ]);
  });

  it("are seen through EXISTS, IN, LATERAL and scalar subqueries", () => {
    for (const sql of [
      "select 1 from orders o where exists (select * from items i where i.order_id = o.id)",
      "select 1 from orders o where o.id in (select i.order_id from items i)",
      "select 1 from orders o, lateral (select * from items i where i.order_id = o.id limit 3) x",
      "select (select count(*) from items i where i.order_id = o.id) from orders o",
    ]) {
      expect([sql, ...joins(shapeOf(sql), 1)]).toEqual([sql, "order_id=orders.id"]);
    }
  });

  it("of an expression keep the column alone", () => {
    expect(
      joins(shapeOf("select 1 from orders o join items i on i.order_id = o.id + 1"), 1),
    ).toEqual(["order_id=?"]);
  });

  it("of a table with itself are two occurrences", () => {
    const shape = shapeOf(
      "select 1 from users a join users b on a.email = b.email where a.id = $1",
    );
    expect(shape.occurrences).toHaveLength(2);
    expect(conditions(shape.occurrences[0])).toEqual(["id:equality"]);
    expect(conditions(shape.occurrences[1])).toEqual([]);
  });
});

describe("derived tables", () => {
  it.each([
    ["a subquery", "select s.a from (select user_id as a, id from orders) s where s.a = $1"],
    ["a CTE", "with s as (select user_id as a from orders) select * from s where s.a = $1"],
    [
      "renamed CTE columns",
      "with s (a) as (select user_id from orders) select 1 from s where a = $1",
    ],
    ["a view", "select 1 from open_orders v where v.buyer = $1"],
    ["a star", "select 1 from (select * from orders) s where user_id = $1"],
  ])("a condition over %s reaches the table", (_name, sql) => {
    expect(conditions(shapeOf(sql).occurrences[0])).toContain("user_id:equality");
  });

  it("a condition over a UNION reaches every arm", () => {
    const shape = shapeOf(
      "select 1 from (select id as x from users union all select order_id from items) u where x = $1",
    );
    expect(conditions(shape.occurrences[0])).toEqual(["id:equality"]);
    expect(conditions(shape.occurrences[1])).toEqual(["order_id:equality"]);
  });

  it("a view that names itself and an unknown table do no harm", () => {
    expect(shapeOf("select * from looping").occurrences).toEqual([]);
    expect(shapeOf("select * from nowhere.thing t where t.a = 1").unknownRelations).toEqual([
      "nowhere.thing",
    ]);
  });

  it("a recursive CTE joins the table in its recursive term", () => {
    const shape = shapeOf(
      "with recursive t as (select id, user_id from orders where id = $1 union all select o.id, o.user_id from orders o join t on o.user_id = t.id) select * from t",
    );
    expect(conditions(shape.occurrences[0])).toEqual(["id:equality"]);
    expect(shape.occurrences[1]?.relation.name).toBe("orders");
  });
});

describe("orders", () => {
  it.each([
    [
      "select id from orders order by created_at desc limit $1",
      ["order(created_at desc first) limit"],
    ],
    [
      "select id from orders order by user_id, created_at desc nulls last",
      ["order(user_id asc last, created_at desc last)"],
    ],
    ["select user_id as u from orders order by u", ["order(user_id asc last)"]],
    ["select status, user_id from orders order by 2", ["order(user_id asc last)"]],
    ["select status, count(*) from orders group by 1", ["group(status asc last)"]],
    [
      "select distinct status, user_id from orders",
      ["distinct(status asc last, user_id asc last)"],
    ],
    [
      "select distinct on (user_id) id from orders order by user_id, created_at desc",
      ["order(user_id asc last, created_at desc first)"],
    ],
    ["select max(created_at) from orders", ["extreme(created_at asc last) limit"]],
    [
      "select row_number() over (partition by user_id order by created_at) from orders",
      ["window(user_id asc last, created_at asc last)"],
    ],
    ["select id from orders order by lower(status)", []],
  ])("%s", (sql, expected) => {
    expect(orders(shapeOf(sql).occurrences[0])).toEqual(expected);
  });

  it("stop at the first key of another table", () => {
    const shape = shapeOf(
      "select 1 from orders o join items i on i.order_id = o.id order by o.created_at, i.sku, o.id",
    );
    expect(orders(shape.occurrences[0])).toEqual(["order(created_at asc last)"]);
    expect(shape.occurrences[0]?.orders[0]?.isComplete).toBe(false);
  });
});

describe("writes", () => {
  it("UPDATE names its target, what it sets and how it finds rows", () => {
    const [table] = shapeOf(
      "update orders o set status = $1, total = total + 1 where o.user_id = $2",
    ).occurrences;
    expect(table?.isTarget).toBe(true);
    expect(table?.setColumns).toEqual(["status", "total"]);
    expect(conditions(table)).toEqual(["user_id:equality"]);
  });

  it("DELETE … USING, INSERT … SELECT and MERGE are read to the bottom", () => {
    const deleted = shapeOf(
      "delete from items i using orders o where i.order_id = o.id and o.status = $1",
    );
    expect(joins(deleted, 0)).toEqual(["order_id=orders.id"]);
    const inserted = shapeOf(
      "insert into items (order_id) select id from orders where status = $1",
    );
    expect(conditions(inserted.occurrences[1])).toEqual(["status:equality"]);
    const merged = shapeOf(
      "merge into items t using orders s on t.order_id = s.id when matched then update set qty = 1",
    );
    expect(joins(merged, 0)).toEqual(["order_id=orders.id"]);
    expect(merged.occurrences[0]?.setColumns).toEqual(["qty"]);
  });

  it("ON CONFLICT sets columns and reads no index of its own", () => {
    const [users] = shapeOf(
      "insert into users (id, email) values ($1, $2) on conflict (id) do update set email = excluded.email where users.active",
    ).occurrences;
    expect(users?.setColumns).toEqual(["email"]);
    expect(conditions(users)).toEqual([]);
  });
});

describe("parameters", () => {
  it("know the column they are compared with and their part", () => {
    const shape = shapeOf(
      "select 1 from orders where status = $1 and total between $2 and $3 and user_id = any($4) and id in ($5) and status like $6 limit $7 offset $8",
    );
    expect(
      shape.parameters.map(({ number, role, source }) => [number, role, source?.column]),
    ).toEqual([
      [7, "limit", undefined],
      [8, "offset", undefined],
      [1, "equality", "status"],
      [2, "lower-bound", "total"],
      [3, "upper-bound", "total"],
      [4, "array", "user_id"],
      [5, "element", "id"],
      [6, "pattern", "status"],
    ]);
  });

  it("inside an expression keep their cast", () => {
    const shape = shapeOf("select 1 from orders where created_at > now() - $1::interval");
    expect(shape.parameters).toEqual([
      { number: 1, role: "cast", source: null, castType: "interval" },
    ]);
  });
});

it("references every column that is read, and not those below EXISTS", () => {
  const shape = shapeOf(
    "select o.status from orders o where o.total > 1 and exists (select * from items i where i.order_id = o.id) order by o.created_at",
  );
  expect([...(shape.occurrences[0]?.referencedColumns ?? [])].toSorted()).toEqual([
    "created_at",
    "id",
    "status",
    "total",
  ]);
  expect([...(shape.occurrences[1]?.referencedColumns ?? [])]).toEqual(["order_id"]);
});

import type { Queryable } from "../../../src/connection/queryable.ts";
import { cursors } from "../../../src/keyset/cursors/cursors.ts";
import { keyset } from "../../../src/keyset/keyset.ts";
import type { KeysetKey, OrderItem } from "../../../src/keyset/keyset-spec.ts";
import { keysetRows } from "../../../src/keyset/keyset-rows.ts";
import type { PageRequest } from "../../../src/keyset/page-request.ts";
import { identifier, sql } from "../../../src/sql/sql.ts";
import type { RandomKey, RandomTable, RandomWalk } from "./random-table.ts";

export const TEST_SECRET = "kQ3v9ZpX7tLw2RbYc8NfHs5JmDgA4uEe";

/** Ids in the order of three walks over one table, and in the order that the server has for all of it. */
export interface Walked {
  readonly expected: readonly string[];
  readonly forward: readonly string[];
  readonly backward: readonly string[];
  readonly whole: readonly string[];
  readonly pages: number;
}

/**
 * @param name - of a table that is made for it; another one each time, since a catalog remembers
 * @param betweenPages - run before each page
 */
export async function walkRandomTable(
  db: Queryable,
  name: string,
  walk: RandomWalk,
  betweenPages: () => Promise<void>,
): Promise<Walked> {
  const { table, pageSize, hasFilter } = walk;
  await createTable(db, name, table);
  const order = walk.keys.map((key) => orderItem(key, table));
  const spec = {
    from: walk.from === "table" ? name : sql`${identifier(name)} AS w -- the table`,
    order: [order[0] ?? "id", ...order.slice(1)] as const,
    ...(walk.from === "sql" && { primaryKey: primaryKeyOf(table) }),
  };
  const where = hasFilter ? sql`id % ${3} <> ${1} OR id IS NULL -- most` : undefined;
  const select = selectionOf(walk);
  const page = keyset<{ readonly id: string | number }>(db, {
    ...spec,
    cursors: cursors({ secret: TEST_SECRET, seal: pageSize % 2 === 0, maxLength: 20_000 }),
    pageSize,
  });
  let pages = 0;
  const collect = async (isForward: boolean): Promise<readonly string[]> => {
    const ids: string[] = [];
    let cursor: string | undefined;
    do {
      await betweenPages();
      const request: PageRequest = isForward
        ? { first: pageSize, after: cursor }
        : { last: pageSize, before: cursor };
      const read = await page({ ...request, where, select });
      const found = read.rows.map(({ id }) => String(id));
      if (isForward) ids.push(...found);
      else ids.unshift(...found);
      cursor = isForward ? read.next : read.prev;
      pages += 1;
      if (pages > 1000) throw new Error("the walk does not end");
    } while (cursor !== undefined);
    return ids;
  };
  await betweenPages();
  const forward = await collect(true);
  const backward = await collect(false);
  const whole: string[] = [];
  const rows = keysetRows<{ readonly id: string | number }>(
    db,
    { ...spec, where, select },
    { pageSize },
  );
  for await (const { id } of rows) whole.push(String(id));
  const expected = await expectedIds(db, name, walk);
  await db.query(`DROP TABLE ${name}`);
  return { expected, forward, backward, whole, pages };
}

/** Not made from what the package writes: every key with its placement and collation spelled out, and the primary key behind. */
async function expectedIds(
  db: Queryable,
  name: string,
  walk: RandomWalk,
): Promise<readonly string[]> {
  const { table } = walk;
  const keys = walk.keys.map((key) => {
    const nulls = key.nulls ?? (key.direction === "asc" ? "last" : "first");
    return `${keyText(key, table)} ${key.direction} NULLS ${nulls}`;
  });
  const last = walk.keys.at(-1)?.direction ?? "asc";
  const rest = primaryKeyOf(table).map((column) => `"${column}" ${last}`);
  const filter = walk.hasFilter ? "WHERE id % 3 <> 1" : "";
  const { rows } = await db.query(
    `SELECT id::text AS shown FROM ${name} ${filter} ORDER BY ${[...keys, ...rest].join(", ")}`,
  );
  return rows.map(({ shown }: { shown: string }) => shown);
}

function columnOf({ column }: RandomKey, { columns }: RandomTable): number {
  return column % columns.length;
}

function collationOf(key: RandomKey, table: RandomTable): string | undefined {
  const isText = table.columns[columnOf(key, table)]?.type.isText === true;
  return isText && !key.isExpression ? key.collation : undefined;
}

function keyText(key: RandomKey, table: RandomTable): string {
  const name = `"c ${columnOf(key, table)}"`;
  if (key.isExpression) return `(CASE WHEN id % 4 > 0 THEN ${name} END)`;
  const collation = collationOf(key, table);
  return collation === undefined ? name : `${name} COLLATE "${collation}"`;
}

function orderItem(key: RandomKey, table: RandomTable): OrderItem {
  const name = `c ${columnOf(key, table)}`;
  const by: KeysetKey = key.isExpression
    ? sql`CASE WHEN id % ${4} > 0 THEN ${identifier(name)} END -- by expression`
    : name;
  const collation = collationOf(key, table);
  return [
    by,
    key.direction,
    {
      ...(key.nulls !== undefined && { nulls: key.nulls }),
      ...(collation !== undefined && { collation }),
    },
  ];
}

function selectionOf({ select, table }: RandomWalk): PageRequest["select"] {
  if (select === "all") return undefined;
  // A column of the result that has the name of a key and is something else must not take the order over.
  if (select === "sql") return sql`id, ${"x"} || id::text AS "c 0", ${7} AS "c 1"`;
  return table.rows.length % 2 === 0 ? ["id"] : ["id", "c 0", "id"];
}

function primaryKeyOf({ primaryKey }: RandomTable): readonly string[] {
  return {
    number: ["id"],
    uuid: ["u"],
    "two columns": ["half", "id"],
    "unique only": ["id"],
  }[primaryKey];
}

async function createTable(db: Queryable, name: string, table: RandomTable): Promise<void> {
  const key = {
    number: "PRIMARY KEY (id)",
    uuid: "PRIMARY KEY (u)",
    "two columns": "PRIMARY KEY (half, id)",
    "unique only": "UNIQUE (id)",
  }[table.primaryKey];
  const columns = table.columns.map(
    ({ type, isNotNull }, index) => `"c ${index}" ${type.type}${isNotNull ? " NOT NULL" : ""}`,
  );
  const id = "id bigint NOT NULL, half text GENERATED ALWAYS AS ((id / 2)::text) STORED, u uuid";
  await db.query(`CREATE TABLE ${name} (${[id, ...columns, key].join(", ")})`);
  if (table.hasIndex) await db.query(`CREATE INDEX ON ${name} ("c 0", id)`);
  if (table.rows.length === 0) return;
  const rows = table.rows.map((picks, index) => {
    const values = table.columns.map((column, at) => {
      const { values: pool } = column.type;
      // One in five is NULL where it may be.
      const pick = picks[at] ?? 0;
      const isNull = !column.isNotNull && pick % 5 === 0;
      return isNull ? "NULL" : (pool[pick % pool.length] ?? "NULL");
    });
    // Ids that are in no order.
    const rowId = (index * 7919) % 10_007;
    return `(${[rowId, `md5('${rowId}')::uuid`, ...values].join(", ")})`;
  });
  const names = table.columns.map((_, index) => `"c ${index}"`);
  await db.query(`INSERT INTO ${name} (id, u, ${names.join(", ")}) VALUES ${rows.join(", ")}`);
}

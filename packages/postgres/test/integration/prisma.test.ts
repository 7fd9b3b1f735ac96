import { execFile } from "node:child_process";
import { copyFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import {
  bringPrisma,
  componentSkips,
  createTestDatabase,
  type PrismaFixture,
  type TestDatabase,
} from "@upshift/services";
import { hasErrorCode } from "@upshift/foundation";
import * as fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { fromPrisma, upshift } from "../../src/adapters/prisma.ts";
import { cursors } from "../../src/keyset/cursors/cursors.ts";
import { sqlState } from "../../src/connection/sql-state.ts";
import { sql } from "../../src/sql/sql.ts";
import { pageExample, regionOf } from "../page-example.ts";
import { prismaWhere } from "../prisma-where.ts";

let fixture: PrismaFixture | undefined;
const skips = await componentSkips("the Prisma extension", async () => {
  fixture = await bringPrisma();
});

// The client is generated: its types are not there when this file is compiled.
// oxlint-disable-next-line typescript/no-explicit-any
type Client = any;
type User = Record<string, unknown>;

const CASES = process.env["UPSHIFT_TEST_SCALE"] === "full" ? 300 : 25;
// Of no use outside of this file.
const SECRET = "xV0wYQbqLz3mJ9nTfKpR7sDhGcU2eA5iOy8lZ1aBvC4=";
const NOW = Date.parse("2026-03-04T05:06:07.089Z");

async function* manyPosts() {
  for (let id = 0; id < 2_000; id++) yield { id, lang: "en", title: `t${id}` };
}

describe.skipIf(skips.isMissing)("on a generated client", () => {
  let database: TestDatabase;
  let plain: Client;
  let extended: Client;
  let Prisma: Client;
  let PrismaClient: Client;
  let adapter: Client;
  let statements: string[] = [];
  beforeAll(async () => {
    if (fixture === undefined) throw new Error("not here");
    const client: Client = await import(fixture.clientFile);
    const { PrismaPg }: Client = await import(fixture.adapterFile);
    database = await createTestDatabase();
    await database.query(await readFile(fixture.schemaSqlFile, "utf8"));
    ({ Prisma, PrismaClient } = client);
    adapter = new PrismaPg({ connectionString: database.url, max: 4 });
    plain = new PrismaClient({ adapter, log: [{ emit: "event", level: "query" }] });
    plain.$on("query", ({ query }: { query: string }) => statements.push(query));
    const clock = { now: () => NOW };
    const secret = SECRET;
    extended = plain.$extends(upshift({ cursors: cursors({ secret }), clock }));
  });
  beforeEach(async () => {
    await plain.post.deleteMany();
    await plain.user.deleteMany();
    statements = [];
  });
  afterAll(async () => {
    await plain?.$disconnect();
    await database?.drop();
  });

  const FULL = () => ({
    email: "ada@example.org",
    fullName: "Ada",
    score: -5,
    ratio: 0.1,
    isActive: false,
    role: "ADMIN",
    roles: ["ADMIN", "GUEST", "MEMBER"],
    balance: new Prisma.Decimal("1234567890.50"),
    meta: { a: [1, null, "x"], 'b"': { c: true } },
    avatar: new Uint8Array([0, 255, 39, 92]),
    tags: ["a,b", 'c"d', "", "NULL", "{}"],
    bigs: [9007199254740993n, -1n],
    amounts: [new Prisma.Decimal("0.1"), new Prisma.Decimal("12345678901234567890.5")],
    moments: [new Date("2024-02-29T23:59:59.999Z")],
    bornOn: new Date("1815-12-10"),
    wakesAt: new Date("1970-01-01T06:30:00.125Z"),
    seenAt: new Date("2024-07-01T12:00:00.123Z"),
    token: "00000000-0000-4000-8000-000000000001",
    createdAt: new Date("2024-01-02T03:04:05.678Z"),
    updatedAt: new Date("2025-01-02T03:04:05.678Z"),
  });
  const BARE = {
    email: "bare@example.org",
    updatedAt: new Date("2025-01-02T03:04:05.678Z"),
    createdAt: new Date("2025-01-02T03:04:05.678Z"),
  };
  const byEmail = { orderBy: { email: "asc" } };

  describe("writes", () => {
    test("what insertMany writes is what createMany writes, for every type", async () => {
      await extended.user.insertMany([
        FULL(),
        { ...BARE, tags: [], roles: [], bigs: [], amounts: [], moments: [] },
      ]);
      const ours = await plain.user.findMany({ ...byEmail, omit: { id: true } });
      await plain.user.deleteMany();
      await plain.user.createMany({ data: [FULL(), BARE] });
      expect(ours).toEqual(await plain.user.findMany({ ...byEmail, omit: { id: true } }));
    });

    test("rows that come back have Prisma's names and types, in the order of the input", async () => {
      const { rows, rowCount } = await extended.user.insertMany([BARE, FULL()], { returning: "*" });
      expect(rowCount).toBe(2);
      const found = await plain.user.findMany();
      const known = (email: string) => found.find((user: User) => user["email"] === email);
      const {
        tags: _,
        roles: __,
        bigs: ___,
        amounts: ____,
        moments: _____,
        ...bare
      } = known(BARE.email);
      expect(rows[0]).toMatchObject(bare);
      expect(rows[1]).toEqual(known("ada@example.org"));
    });

    test("upsertMany inserts, updates and counts; the time of the write goes where Prisma would put it", async () => {
      await plain.user.createMany({ data: [BARE] });
      const result = await extended.user.upsertMany(
        [
          { email: BARE.email, fullName: "changed", role: "GUEST" },
          { email: "new@example.org", fullName: "first" },
          { email: "new@example.org", fullName: "last" },
        ],
        { conflict: ["email"], returning: ["email", "fullName", "role", "updatedAt"] },
      );
      expect(result).toMatchObject({ rowCount: 2, duplicateCount: 1, unchangedCount: 0 });
      const changed = {
        email: BARE.email,
        fullName: "changed",
        role: "GUEST",
        updatedAt: new Date(NOW),
      };
      const last = {
        email: "new@example.org",
        fullName: "last",
        role: "MEMBER",
        updatedAt: new Date(NOW),
      };
      expect(result.rows).toEqual([changed, last, last]);
      expect(
        await plain.user.findMany({ ...byEmail, select: { email: true, createdAt: true } }),
      ).toMatchObject([
        { email: BARE.email, createdAt: BARE.createdAt },
        { email: "new@example.org" },
      ]);
    });

    test("fields to update and fields of the key go by their names in Prisma", async () => {
      await plain.post.create({ data: { id: 1, lang: "de", title: "alt" } });
      await extended.post.upsertMany(
        [
          { id: 1, lang: "de", title: "neu" },
          { id: 1, lang: "en", title: "new" },
        ],
        { conflict: ["lang", "id"], update: ["title"] },
      );
      expect(await plain.post.findMany({ orderBy: { lang: "asc" } })).toEqual([
        { id: 1, lang: "de", title: "neu", authorId: null },
        { id: 1, lang: "en", title: "new", authorId: null },
      ]);
    });

    test("many rows from an async source go in few statements", async () => {
      expect(await extended.post.insertMany(manyPosts(), { chunk: 500 })).toMatchObject({
        rowCount: 2_000,
      });
      expect(statements.filter((text) => text.startsWith("INSERT")).length).toBeLessThan(6);
      expect(await plain.post.count()).toBe(2_000);
    });

    test("one bad row leaves nothing behind, and is named", async () => {
      const rows = Array.from({ length: 30 }, (_, id) => ({
        id,
        lang: "en",
        title: id === 17 ? null : "t",
      }));
      const failing = extended.post.insertMany(rows, { chunk: 10 });
      await expect(failing).rejects.toMatchObject({
        code: "UPSHIFT_BAD_ROW",
        details: { index: 17 },
      });
      expect(await plain.post.count()).toBe(0);
    });

    test("Json values, their null and the database's are told apart", async () => {
      const metas = [Prisma.JsonNull, Prisma.DbNull, null, "text", 1, [1], { a: 1 }, false];
      await extended.user.insertMany(metas.map((meta, index) => ({ email: `${index}`, meta })));
      const isNull = await database.query(
        'SELECT meta IS NULL AS n, meta::text AS t FROM sales."all users" ORDER BY "E-mail"',
      );
      expect(isNull.map(({ n, t }) => (n === true ? "NULL" : t))).toEqual([
        "null",
        "NULL",
        "NULL",
        '"text"',
        "1",
        "[1]",
        '{"a": 1}',
        "false",
      ]);
    });

    test.each([
      ["a relation", { id: 1, lang: "en", title: "t", author: { connect: { id: 1 } } }],
      ["an unknown field", { id: 1, lang: "en", title: "t", author_id: 1 }],
      ["an operation in place of a value", { id: { increment: 1 }, lang: "en", title: "t" }],
    ])("%s is refused", async (_, row) => {
      await expect(extended.post.insertMany([row])).rejects.toMatchObject({
        code: "UPSHIFT_INVALID_ARGUMENT",
      });
      expect(statements).toEqual([]);
    });
  });

  describe("inside of a transaction", () => {
    test("everything is part of it: seen inside, gone when it fails", async () => {
      const failing = extended.$transaction(async (tx: Client) => {
        await tx.post.insertMany([{ id: 1, lang: "en", title: "t" }]);
        await tx.post.upsertMany([{ id: 1, lang: "en", title: "u" }], { conflict: ["id", "lang"] });
        const { rows } = await tx.post.findPage();
        expect(rows).toEqual([{ id: 1, lang: "en", title: "u", authorId: null }]);
        const streamed = [];
        for await (const row of tx.post.stream({ select: { title: true } })) streamed.push(row);
        expect(streamed).toEqual([{ title: "u" }]);
        throw new Error("no");
      });
      await expect(failing).rejects.toThrow("no");
      expect(await plain.post.count()).toBe(0);
    });

    test("a part that fails is undone alone", async () => {
      await extended.$transaction(async (tx: Client) => {
        await tx.post.insertMany([{ id: 1, lang: "en", title: "kept" }]);
        const rows = Array.from({ length: 4 }, (_, id) => ({
          id: id + 1,
          lang: "en",
          title: "lost",
        }));
        const failing = tx.post.insertMany(rows, { chunk: 2 });
        await expect(failing).rejects.toMatchObject({ code: "UPSHIFT_BAD_ROW" });
        await tx.post.insertMany([{ id: 9, lang: "en", title: "kept too" }]);
      });
      expect(
        await plain.post.findMany({ select: { title: true }, orderBy: { id: "asc" } }),
      ).toEqual([{ title: "kept" }, { title: "kept too" }]);
    });
  });

  const seed = async (users: readonly object[]) => {
    await plain.user.createMany({
      data: users.map((user, index) => ({ email: `u${index}`, ...user })),
    });
  };

  describe("findPage", () => {
    test("rows are those of findMany, for every type", async () => {
      await plain.user.createMany({ data: [FULL(), BARE] });
      const { rows } = await extended.user.findPage({ orderBy: { email: "asc" } });
      expect(rows).toEqual(await plain.user.findMany(byEmail));
    });

    test("pages in both directions over nullable keys are what findMany gives of the whole", async () => {
      const scores = [3, null, 1, null, 3, 2, null, 1];
      await seed(scores.map((score) => ({ score })));
      const orders = [
        [{ score: "asc" }],
        [{ score: "desc" }, { email: "asc" }],
        [{ score: { sort: "asc", nulls: "first" } }, { email: "desc" }],
        { score: { sort: "desc", nulls: "last" } },
      ];
      for (const orderBy of orders) {
        const full = await plain.user.findMany({
          orderBy: [
            orderBy,
            {
              id:
                JSON.stringify(orderBy).endsWith('"desc"}]') ||
                JSON.stringify(orderBy).includes('"sort":"desc"')
                  ? "desc"
                  : "asc",
            },
          ].flat(),
          select: { id: true, score: true },
        });
        const forward: User[] = [];
        const pages: Client[] = [];
        for (let after: string | undefined; ;) {
          const page = await extended.user.findPage({
            orderBy,
            first: 3,
            after,
            select: { id: true, score: true },
          });
          forward.push(...page.rows);
          pages.push(page);
          if (!page.hasNextPage) break;
          after = page.next;
        }
        expect(forward.map(({ score }) => score)).toEqual(full.map(({ score }: User) => score));
        expect(new Set(forward.map(({ id }) => id)).size).toBe(scores.length);
        const before = pages.at(-1).startCursor;
        const back = await extended.user.findPage({
          orderBy,
          last: 3,
          before,
          select: { id: true, score: true },
        });
        expect(back.rows).toEqual(pages.at(-2).rows);
        expect(back.edges().map(({ node }: { node: User }) => node)).toEqual(back.rows);
      }
    });

    test("what is selected is there and nothing else; the keys need not be", async () => {
      await seed([{ score: 1, role: "ADMIN" }, { score: 2 }]);
      const page = await extended.user.findPage({
        orderBy: { score: "desc" },
        select: { role: true, fullName: false },
        first: 1,
      });
      expect(page.rows).toEqual([{ role: "MEMBER" }]);
      const next = await extended.user.findPage({
        orderBy: { score: "desc" },
        select: { role: true },
        first: 1,
        after: page.next,
      });
      expect(next.rows).toEqual([{ role: "ADMIN" }]);
    });

    test("a cursor of other filters is refused", async () => {
      await seed([{ score: 1 }, { score: 2 }, { score: 3 }]);
      const { next } = await extended.user.findPage({ where: { score: { gt: 0 } }, first: 1 });
      await expect(
        extended.user.findPage({ where: { score: { gt: 1 } }, first: 1, after: next }),
      ).rejects.toMatchObject({
        code: "UPSHIFT_INVALID_CURSOR",
        status: 400,
      });
    });

    test("a further condition in SQL holds as well", async () => {
      await seed([{ score: 1 }, { score: 2 }, { score: 3 }]);
      const { rows } = await extended.user.findPage({
        where: { score: { gt: 1 } },
        and: sql`score % 2 = ${1} -- odd`,
        select: { score: true },
      });
      expect(rows).toEqual([{ score: 3 }]);
    });

    test("the catalog is read once, also by transactions: a page is one statement", async () => {
      await seed([{ score: 1 }]);
      await extended.user.findPage({ orderBy: { score: "asc" } });
      statements = [];
      await extended.user.findPage({ orderBy: { score: "asc" } });
      expect(statements).toHaveLength(1);
      statements = [];
      await extended.$transaction((tx: Client) => tx.user.findPage({ orderBy: { score: "asc" } }));
      expect(statements.filter((text) => text.includes("all users"))).toHaveLength(1);
      expect(statements.length).toBeLessThan(4);
    });

    test("a model without a primary key has to say its order", async () => {
      await expect(extended.keyless.findPage()).rejects.toMatchObject({
        code: "UPSHIFT_INVALID_ARGUMENT",
      });
      await plain.keyless.create({ data: { code: "a" } });
      expect((await extended.keyless.findPage({ orderBy: { note: "asc" } })).rows).toEqual([
        { code: "a", note: null },
      ]);
    });

    test.each([
      ["a relation in where", { where: { posts: { some: {} } } }],
      ["a relation in select", { select: { posts: true } }],
      ["a relation in orderBy", { orderBy: { posts: { _count: "asc" } } }],
      ["nothing selected", { select: {} }],
      ["a filter that is none", { where: { score: { increment: 1 } } }],
      ["a filter of another type", { where: { meta: { path: ["a"], equals: 1 } } }],
      ["a hostile field", { where: { 'score" = 1 OR "score': 1 } }],
      ["a hostile direction", { orderBy: { score: "asc; DROP TABLE x" } }],
      ["a field of the prototype", { where: { constructor: 1 } }],
      ["SQL as text", { and: "1 = 1" }],
      ["NULL among the values of in", { where: { score: { in: [null] } } }],
    ])("%s is refused", async (_, request) => {
      await expect(extended.user.findPage(request)).rejects.toMatchObject({
        code: "UPSHIFT_INVALID_ARGUMENT",
      });
    });

    test("without cursors it says what is missing", async () => {
      await expect(plain.$extends(upshift()).user.findPage()).rejects.toThrow(
        "cursors({ secret })",
      );
    });

    test(
      "where means what it means to findMany, over random conditions",
      { timeout: 120_000 },
      async () => {
        await plain.user.createMany({
          data: Array.from({ length: 12 }, (_, index) => ({
            email: `U${index}@x`,
            fullName: [null, "Ada", "ada", "Bob_%", ""][index % 5],
            score: [null, 0, 1, 5][index % 4],
            role: ["ADMIN", "MEMBER", "GUEST"][index % 3],
            roles: [[], ["ADMIN"], ["ADMIN", "GUEST"]][index % 3],
            tags: [[], ["a"], ["a", "b,c"]][index % 3],
            balance: [null, "1.10", "2"][index % 3],
            bigs: [[], [1n], [9007199254740993n]][index % 3],
            meta: [Prisma.DbNull, Prisma.JsonNull, { a: 1 }][index % 3],
            createdAt: new Date(Date.UTC(2024, 0, 1 + (index % 3))),
            bornOn: index % 2 === 0 ? null : new Date(Date.UTC(2000, 0, index)),
            token: index % 2 === 0 ? null : `00000000-0000-4000-8000-00000000000${index % 3}`,
            isActive: index % 2 === 0,
          })),
        });
        await fc.assert(
          fc.asyncProperty(prismaWhere(Prisma), async (where) => {
            const select = { email: true };
            const [{ rows }, expected] = await Promise.all([
              extended.user.findPage({ where, select, orderBy: { id: "asc" } }),
              plain.user.findMany({ where, select, orderBy: { id: "asc" } }),
            ]);
            expect(rows).toEqual(expected);
          }),
          { numRuns: CASES, seed: 7 },
        );
      },
    );
  });

  describe("stream", () => {
    test("gives every row, by Prisma's names and types, in order, and leaves nothing behind", async () => {
      await plain.post.createMany({
        data: Array.from({ length: 5_000 }, (_, id) => ({ id, lang: "en", title: `${id}` })),
      });
      const titles = [];
      for await (const { title } of extended.post.stream({
        orderBy: { id: "desc" },
        select: { title: true },
        where: { id: { lt: 4_000 } },
      }))
        titles.push(title);
      expect(titles).toEqual(Array.from({ length: 4_000 }, (_, index) => `${3_999 - index}`));
      await plain.user.createMany({ data: [FULL(), BARE] });
      const users = [];
      for await (const user of extended.user.stream(byEmail)) users.push(user);
      expect(users).toEqual(await plain.user.findMany(byEmail));
    });

    test("a consumer that stops, or an abort, gives the connection back: many times as often as there are", async () => {
      await plain.post.createMany({
        data: Array.from({ length: 2_000 }, (_, id) => ({ id, lang: "en", title: "t" })),
      });
      for (let round = 0; round < 12; round++) {
        const abort = new AbortController();
        const read = async () => {
          for await (const row of extended.post.stream({ batchSize: 50, signal: abort.signal })) {
            expect(row).toMatchObject({ lang: "en" });
            if (round % 2 === 0) break;
            abort.abort(new Error("enough"));
          }
        };
        const outcome = await read().then(
          () => "stopped",
          (error: unknown) => String(error),
        );
        expect(outcome).toBe(round % 2 === 0 ? "stopped" : "Error: enough");
      }
      expect(await plain.post.count()).toBe(2_000);
      const open = await database.query(
        "SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'",
      );
      expect(open).toEqual([{ n: 0 }]);
    });
  });

  test("the example of the page", async () => {
    const sent: string[] = [];
    const send = (email: string) => sent.push(email);
    const scores = [3, null, 5];
    await plain.user.createMany({ data: scores.map((score) => ({ email: `${score}@x`, score })) });
    const secret = SECRET;
    await (async () => {
      // example: Prisma
      const prisma = new PrismaClient({ adapter }).$extends(
        upshift({ cursors: cursors({ secret }) }),
      );

      const page = await prisma.user.findPage({
        where: { isActive: true },
        orderBy: [{ score: { sort: "desc", nulls: "last" } }],
        select: { id: true, email: true, score: true },
        first: 2,
      });
      const next = await prisma.user.findPage({
        where: { isActive: true },
        orderBy: [{ score: { sort: "desc", nulls: "last" } }],
        first: 2,
        after: page.next,
      });

      await prisma.$transaction(async (tx: Client) => {
        await tx.user.upsertMany([{ email: "ada@example.org", fullName: "Ada" }], {
          conflict: ["email"],
        });
      });

      for await (const user of prisma.user.stream({ select: { email: true } })) {
        send(user.email);
      }
      // end
      expect(page.rows.map(({ score }: User) => score)).toEqual([5, 3]);
      expect(next.rows).toMatchObject([{ score: null, fullName: null }]);
      await prisma.$disconnect();
    })();
    expect(sent.toSorted()).toEqual(["3@x", "5@x", "ada@example.org", "null@x"]);
    expect(await pageExample("adapters.md", 3)).toBe(
      // The client's types are not there when this file is compiled.
      (await regionOf(import.meta.filename, "Prisma")).replace("tx:Client", "tx"),
    );
  });

  test("types of rows follow the model", { timeout: 120_000 }, async () => {
    const folder = await mkdtemp(path.join(tmpdir(), "upshift-types-"));
    const here = import.meta.dirname;
    const source = path.join(here, "../fixtures/prisma/types-follow.ts.txt");
    await copyFile(source, path.join(folder, "types-follow.ts"));
    const paths = {
      "@fixture/client": [fixture?.clientFile.replace(/js$/, "d.ts")],
      "@upshift/postgres/prisma": [path.join(here, "../../src/adapters/prisma.ts")],
      "*": [path.join(here, "../../../../node_modules/*")],
    };
    const compilerOptions = {
      module: "nodenext",
      target: "es2023",
      strict: true,
      noEmit: true,
      skipLibCheck: true,
      allowImportingTsExtensions: true,
      customConditions: ["@upshift/source"],
      types: ["node"],
      typeRoots: [path.join(here, "../../../../node_modules/@types")],
      paths,
    };
    const settings = { compilerOptions, files: ["types-follow.ts"] };
    await writeFile(path.join(folder, "tsconfig.json"), JSON.stringify(settings));
    const tsc = path.join(here, "../../../../node_modules/typescript/bin/tsc");
    const output = await promisify(execFile)(process.execPath, [tsc, "-p", folder]).then(
      () => "",
      (error: { stdout?: string }) => error.stdout ?? "it did not run",
    );
    expect(output).toBe("");
    await rm(folder, { recursive: true });
  });

  describe("the client as a queryable", () => {
    test("errors carry the SQLSTATE of the server", async () => {
      const error = await fromPrisma(plain)
        .query("SELECT 1 / 0")
        .catch((cause: unknown) => cause);
      expect(sqlState(error)).toBe("22012");
      expect(hasErrorCode(error, "P2010")).toBe(true);
    });

    test("a write says how many rows it touched, with and without RETURNING, whatever its names", async () => {
      const db = fromPrisma(plain);
      await plain.$executeRawUnsafe('CREATE TEMP TABLE "returning" (n int)').catch(() => undefined);
      const insert = `INSERT INTO "Post" VALUES (1, 'a', 'returning'), (2, 'a', '-- returning')`;
      expect(await db.query(insert)).toEqual({ rows: [], rowCount: 2 });
      expect(await db.query(`/* c */ DELETE FROM "Post" WHERE id = $1 RETURNING id`, [1])).toEqual({
        rows: [{ id: 1 }],
        rowCount: 1,
      });
    });
  });
});

import { describe, expect, expectTypeOf, test } from "vitest";
import type { Queryable } from "../connection/queryable.ts";
import { sql } from "../sql/sql.ts";
import { computed } from "./projection-definition.ts";
import { projection, type Projection } from "./projection.ts";

interface Tables {
  posts: { id: number; title: string; author_id: number; editor_id: number | null; at: Date };
  users: { id: number; name: string | null; company_id: number };
  companies: { id: number; name: string };
  comments: { id: string; post_id: number; user_id: number; body: string; at: Date };
}

const posts = projection<Tables>()({
  table: "posts",
  joins: {
    author: { table: "users", on: { author_id: "id" }, kind: "inner" },
    company: { from: "author", table: "companies", on: { company_id: "id" }, kind: "inner" },
    editor: { table: "users", on: { editor_id: "id" } },
    editorCompany: { from: "editor", table: "companies", on: { company_id: "id" }, kind: "inner" },
  },
  fields: {
    id: "id",
    headline: "title",
    at: "at",
    companyName: { join: "company", column: "name" },
    editorCompanyName: { join: "editorCompany", column: "name" },
    words: computed<number>(sql`array_length(string_to_array(posts.title, ' '), 1)`),
    author: {
      join: "author",
      fields: { name: "name", company: { join: "company", fields: { name: "name" } } },
    },
    editor: {
      join: "editor",
      fields: { id: "id", company: { join: "editorCompany", fields: { name: "name" } } },
    },
    comments: {
      many: "comments",
      on: { id: "post_id" },
      joins: { user: { table: "users", on: { user_id: "id" } } },
      fields: { id: "id", at: "at", user: { join: "user", fields: { name: "name" } } },
    },
  },
});

declare const db: Queryable;
type Rows<T> = T extends Promise<readonly (infer R)[]> ? R : never;
// Never called: only its type is of interest.
const row = () => ({
  plain: posts.select(db, ["id", "headline", "at"]),
  joined: posts.select(db, ["companyName", "editorCompanyName", "words"]),
  nested: posts.select(db, ["author.name", "author.company.name", "editor.company.name"]),
  whole: posts.select(db, ["author", "editor"]),
  list: posts.select(db, ["comments.at", "comments.user.name"]),
  wholeList: posts.select(db, ["comments"]),
  fromOutside: posts.select(db, posts.allow(["id"])),
});
type Result = ReturnType<typeof row>;

// Nor is this.
const wrong = () => [
  // @ts-expect-error -- no such field
  posts.select(db, ["nothing"]),
  // @ts-expect-error -- no such part
  posts.select(db, ["author.nothing"]),
  // @ts-expect-error -- a list has no place in the order of rows, but its path is one; a field that is unknown has none
  posts.select(db, ["id"], { orderBy: ["nothing"] }),
  // @ts-expect-error -- no such join
  posts.select(db, ["id"], { uses: ["nothing"] }),
  // @ts-expect-error -- posts has no column of this name
  projection<Tables>()({ table: "posts", fields: { id: "idd" } }),
  projection<Tables>()({
    table: "posts",
    joins: { author: { table: "users", on: { author_id: "id" } } },
    // @ts-expect-error -- users has no column of this name
    fields: { name: { join: "author", column: "title" } },
  }),
  projection<Tables>()({
    table: "posts",
    joins: { author: { table: "users", on: { author_id: "id" } } },
    // @ts-expect-error -- users has no column of this name
    fields: { author: { join: "author", fields: { title: "title" } } },
  }),
];

describe("types of rows", () => {
  test("only what is asked for is there, under the field's name, with the column's type", () => {
    expectTypeOf<Rows<Result["plain"]>>().toEqualTypeOf<{
      id: number;
      headline: string;
      at: Date;
    }>();
    expect(posts.paths.length).toBeGreaterThan(0);
  });

  test("a column may be NULL where a left join is on the way to it", () => {
    expectTypeOf<Rows<Result["joined"]>>().toEqualTypeOf<{
      companyName: string;
      editorCompanyName: string | null;
      words: number;
    }>();
  });

  test("an object is null where its own join may find nothing; inside of it that is settled", () => {
    expectTypeOf<Rows<Result["nested"]>>().toEqualTypeOf<{
      author: { name: string | null; company: { name: string } };
      editor: { company: { name: string } } | null;
    }>();
    expectTypeOf<Rows<Result["whole"]>>().toEqualTypeOf<{
      author: { name: string | null };
      editor: { id: number } | null;
    }>();
  });

  test("a list has what JSON leaves of its values", () => {
    expectTypeOf<Rows<Result["list"]>>().toEqualTypeOf<{
      comments: { at: string; user: { name: string | null } | null }[];
    }>();
    expectTypeOf<Rows<Result["wholeList"]>>().toEqualTypeOf<{
      comments: { id: string; at: string }[];
    }>();
  });

  test("of fields from outside, any may be absent", () => {
    expectTypeOf<Rows<Result["fromOutside"]>["headline"]>().toEqualTypeOf<string | undefined>();
    expectTypeOf<NonNullable<Rows<Result["fromOutside"]>["author"]>["name"]>().toEqualTypeOf<
      string | null | undefined
    >();
  });

  test("without row types every value is unknown, and names are checked all the same", () => {
    const untyped = projection({ table: "posts", fields: { id: "id" } });
    const rows = () => untyped.select(db, ["id"]);
    expectTypeOf(rows).returns.resolves.toEqualTypeOf<{ id: unknown }[]>();
    expectTypeOf(untyped).toExtend<{ readonly paths: readonly "id"[] }>();
    expectTypeOf<Projection<never, never>>().not.toBeAny();
  });

  test("names that are not there do not compile", () => {
    expect(wrong).toBeTypeOf("function");
  });
});

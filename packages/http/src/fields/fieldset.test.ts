import * as fc from "fast-check";
import { describe, expect, expectTypeOf, test } from "vitest";
import { z } from "zod";
import type { FieldPath } from "./field-shape.ts";
import { projectionPaths } from "./field-selection.ts";
import { fieldset } from "./fieldset.ts";
import { pick, type Picked } from "./pick.ts";

const SHAPE = {
  id: true,
  title: true,
  author: { name: true, email: true, avatar: { url: true, size: true } },
  tags: { label: true },
} as const;

const articles = fieldset(SHAPE);

/** Code and message that a call throws. */
function thrown(call: () => unknown): { code?: string; message?: string; problem?: unknown } {
  try {
    call();
  } catch (error) {
    return error as { code: string; message: string; problem: unknown };
  }
  return {};
}

/** The paths, or those that the error allows. */
function outcomeOf(call: () => { readonly paths: readonly string[] }): readonly string[] {
  try {
    return call().paths;
  } catch (error) {
    return (error as { allowed?: readonly string[] }).allowed ?? [];
  }
}

describe("a selection", () => {
  test.each([
    ["/items?fields=id,title", "id,title"],
    ["fields=id&search=what?", "id"],
    ["/what=?fields=id&search=a?b", "id"],
    ["/items?fields=title,id,title", "id,title"],
    ["/items?fields=title&x=1&fields=id", "id,title"],
    ["?fields=author(name,avatar(url))", "author(avatar(url),name)"],
    ["fields=author.name,author.avatar.url", "author(avatar(url),name)"],
    ["/items?fields=author", "author(avatar(size,url),email,name)"],
    ["/items?fields=author,author(avatar(url))", "author(avatar(size,url),email,name)"],
    ["/items?fields=author%28name%29%2Cid", "author(name),id"],
    ["/items?fields=+id+,%20title", "id,title"],
    ["https://x.org/a?fields=id#?fields=title", "id"],
    ["/items", "author(avatar(size,url),email,name),id,tags(label),title"],
    ["/fields=id", "author(avatar(size,url),email,name),id,tags(label),title"],
    ["/items?xfields=id", "author(avatar(size,url),email,name),id,tags(label),title"],
  ])("of %s is %s", (url, key) => {
    expect(articles.parse(url).key).toBe(key);
  });

  test("has its paths in the order of its key, and is the same for parameters", () => {
    const selection = articles.parse(new URLSearchParams({ fields: "title,author(name),id" }));
    expect(selection.paths).toEqual(["author.name", "id", "title"]);
    expect(articles.paths).toEqual([
      "id",
      "title",
      "author.name",
      "author.email",
      "author.avatar.url",
      "author.avatar.size",
      "tags.label",
    ]);
  });

  test("does not depend on the order or the repetition of what was asked for", () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([...articles.paths], { minLength: 1 }), (paths) => {
        const asked = new URLSearchParams({ fields: [...paths, ...paths].join() });
        const { key, paths: chosen } = articles.parse(asked);
        expect([...chosen].toSorted()).toEqual(paths.toSorted());
        expect(articles.parse(new URLSearchParams({ fields: key })).key).toBe(key);
      }),
      { seed: 7 },
    );
  });

  test.each([
    "id,secret",
    "__proto__",
    "constructor",
    "id.x",
    "id(x)",
    "author(x)",
    "toString",
    "ID",
  ])("of %s is unknown, which is 400 with what is allowed", (fields) => {
    const { code, problem } = thrown(() => articles.parse(new URLSearchParams({ fields })));
    expect(code).toBe("UPSHIFT_FIELDS_UNKNOWN");
    expect(problem).toMatchObject({ status: 400, allowed: articles.paths });
  });

  test("of bytes that are no UTF-8, of look-alikes and of control characters is unknown, and told as JSON", () => {
    for (const query of ["?fields=%E0%A4%A", "?fields=%FF", "?fields=іd", "?fields=i%00d"]) {
      expect(thrown(() => articles.parse(query)).code).toBe("UPSHIFT_FIELDS_UNKNOWN");
    }
    expect(thrown(() => articles.parse("?fields=a%0D%0Ab")).message).toMatch(
      /^Unknown field "a\\r\\nb"\. /,
    );
  });

  test("shows only some of what was unknown, each of it shortened", () => {
    const names = Array.from({ length: 300 }, (_, n) => `f${n}`).join();
    expect(thrown(() => articles.parse(`?fields=${names}`)).message).toContain(
      '"f9" and 290 more.',
    );
    const { message = "" } = thrown(() => articles.parse(`?fields=${"x".repeat(4_000)}`));
    expect(message.length).toBeLessThan(300);
  });

  test("is refused when its parameters are too long together", () => {
    const query = Array.from({ length: 1_000 }, () => "fields=title").join("&");
    expect(thrown(() => articles.parse(query)).code).toBe("UPSHIFT_FIELDS_INVALID");
    const roomy = fieldset(SHAPE, { maxLength: 6_000 });
    expect(roomy.parse(query).key).toBe("title");
  });

  test("without fields is the default", () => {
    const short = fieldset(SHAPE, { default: ["id", "author.name"] });
    expect(short.parse("/").key).toBe("author(name),id");
    expect(short.parse("/?fields=title").key).toBe("title");
  });
});

describe("JSON:API", () => {
  const api = fieldset(SHAPE, { type: "articles", types: { author: "people" } });

  test.each([
    ["fields[articles]=id,title", "id,title"],
    ["fields%5Barticles%5D=id,author&fields%5Bpeople%5D=name", "author(name),id"],
    ["fields[people]=name", "author(name),id,tags(label),title"],
    ["fields[articles]=author(avatar)&fields[people]=name", "author(avatar(size,url))"],
    ["fields[articles]=id&fields[articles]=title", "id,title"],
  ])("%s is %s", (query, key) => {
    expect(api.parse(query).key).toBe(key);
  });

  test.each([
    ["fields[comments]=id", "UPSHIFT_FIELDS_UNKNOWN"],
    ["fields[__proto__]=id", "UPSHIFT_FIELDS_UNKNOWN"],
    ["fields[people]=title", "UPSHIFT_FIELDS_UNKNOWN"],
    ["fields[=id", "UPSHIFT_FIELDS_INVALID"],
    ["fields[]=id", "UPSHIFT_FIELDS_INVALID"],
    ["fields[a][b]=id", "UPSHIFT_FIELDS_INVALID"],
  ])("%s is %s", (query, code) => {
    expect(thrown(() => api.parse(query)).code).toBe(code);
  });
});

describe("fields that not everybody may see", () => {
  interface User {
    readonly isAdmin: boolean;
  }
  const rules = { "author.email": (user: User) => user.isAdmin };
  const nobody: User = { isAdmin: false };
  const admin: User = { isAdmin: true };

  test("are left out by default, whether named or not, and shown to who may", () => {
    const set = fieldset(SHAPE, { visible: rules });
    expect(set.parse("?fields=id,author.email", nobody).key).toBe("id");
    expect(set.parse("?fields=author", nobody).key).toBe("author(avatar(size,url),name)");
    expect(set.parse("/", nobody).key).not.toContain("email");
    expect(set.parse("?fields=id,author.email", admin).key).toBe("author(email),id");
  });

  test("are 403 where nothing else is left", () => {
    const set = fieldset(SHAPE, { visible: rules });
    expect(thrown(() => set.parse("?fields=author.email", nobody))).toMatchObject({
      code: "UPSHIFT_FIELDS_FORBIDDEN",
      problem: { status: 403 },
    });
  });

  test("can be refused when they are named, and are not when they are not", () => {
    const set = fieldset(SHAPE, { visible: rules, forbidden: "refuse" });
    expect(thrown(() => set.parse("?fields=id,author.email", nobody)).code).toBe(
      "UPSHIFT_FIELDS_FORBIDDEN",
    );
    expect(set.parse("?fields=author", nobody).key).toBe("author(avatar(size,url),name)");
    expect(set.parse("/", nobody).key).not.toContain("email");
  });

  test("can be as if they were not there, in the list of what is allowed too", () => {
    const set = fieldset(SHAPE, { visible: rules, forbidden: "hide" });
    const hidden = thrown(() => set.parse("?fields=author.email", nobody));
    const unknown = thrown(() => set.parse("?fields=author.other", nobody));
    expect(hidden.message?.replace("author.email", "author.other")).toBe(unknown.message);
    expect(hidden.message).not.toContain("email,");
  });

  test("are not there for whom nothing is left in them", () => {
    const never = { "author.name": () => false, "author.email": () => false };
    const shape = { id: true, author: { name: true, email: true } } as const;
    const hidden = fieldset(shape, { visible: never, forbidden: "hide" });
    for (const asked of ["author", "author(name)", "id,author", "author(none)"]) {
      const { code, message } = thrown(() => hidden.parse(`?fields=${asked}`));
      expect(code).toBe("UPSHIFT_FIELDS_UNKNOWN");
      expect(message).toBe('Unknown field "author". Allowed are: id');
    }
    const omitted = fieldset(shape, { visible: never });
    expect(thrown(() => omitted.parse("?fields=author")).message).toMatch('see "author"');
  });

  test("are asked about only where a request may get them", () => {
    const set = fieldset(
      { author: { email: true, name: true } },
      { visible: { "author.email": onlyLoggedIn } },
    );
    expect(set.parse("?fields=author(name)").key).toBe("author(name)");
    expect(() => set.parse("?fields=author")).toThrow("log in");
  });

  test("take with them what is inside, and a default of them is no attempt", () => {
    const set = fieldset(SHAPE, {
      visible: { author: () => false },
      forbidden: "refuse",
      default: ["id", "author.name"],
    });
    expect(set.parse("/").key).toBe("id");
    expect(thrown(() => set.parse("?fields=author.avatar.url")).code).toBe(
      "UPSHIFT_FIELDS_FORBIDDEN",
    );
  });

  test("are in no selection, whatever is asked for and however it is asked for", () => {
    const paths = ["id", "title", "author", "author.email", "author.avatar", "tags.label"] as const;
    const asked = fc.array(fc.constantFrom(...articles.paths, "author", "author.avatar", "tags"));
    fc.assert(
      fc.property(
        fc.subarray([...paths]),
        asked,
        fc.constantFrom("omit", "refuse", "hide"),
        (hidden, names, forbidden) => {
          const visible = Object.fromEntries(hidden.map((path) => [path, () => false]));
          const set = fieldset({ paths: articles.paths }, { visible, forbidden });
          const chosen = outcomeOf(() =>
            set.parse(names.length === 0 ? "" : new URLSearchParams({ fields: names.join() })),
          );
          const seen = chosen.filter((path) =>
            hidden.some((rule) => path === rule || path.startsWith(`${rule}.`)),
          );
          expect(seen).toEqual([]);
        },
      ),
      { seed: 12, numRuns: 1_000 },
    );
  });

  test("need a plain true: what is only truthy, or comes later, allows nothing", () => {
    const truthy = fieldset(SHAPE, { visible: { id: () => 1 as unknown as boolean } });
    expect(truthy.parse("?fields=id,title").key).toBe("title");
    const later = fieldset(SHAPE, { visible: { id: (() => Promise.resolve(true)) as never } });
    expect(thrown(() => later.parse("?fields=id")).code).toBe("UPSHIFT_INVALID_ARGUMENT");
  });

  test("are protected by rules that exist: a rule of no field is a mistake", () => {
    const rule = { email: () => false } as Record<string, () => boolean>;
    expect(() => fieldset({ id: true } as Record<string, true>, { visible: rule })).toThrow(
      "paths of fields in `visible`",
    );
  });
});

const onlyLoggedIn = (): boolean => {
  throw new Error("log in");
};

const side = (name: string) =>
  z.object({ at: z.object({ place: z.object({ [name]: z.string() }) }) });

const entries = (name: string) => ({ entries: { at: { entries: { [name]: {} } } } });

describe("what may be asked for comes from", () => {
  test("a schema of zod, through arrays, optional, unions, dates and transforms", () => {
    const schema = z.object({
      id: z.number(),
      at: z.date().optional(),
      tags: z.array(z.object({ label: z.string() })).nullable(),
      owner: z.union([z.object({ user: z.string() }), z.object({ team: z.string() })]),
      scores: z.record(z.string(), z.number()),
      size: z.string().transform((text) => text.length),
    });
    const paths = ["id", "at", "tags.label", "owner.user", "owner.team", "scores", "size"];
    expect(fieldset(schema).paths).toEqual(paths);
  });

  test("all members of a union, at every depth", () => {
    const schema = z.object({ stop: z.union([side("street"), side("pier"), z.string()]) });
    const paths = ["stop.at.place.street", "stop.at.place.pier"];
    expect(fieldset(schema).paths).toEqual(paths);
    const std = { "~standard": { version: 1, vendor: "test" } } as const;
    const options = [{}, entries("street"), { entries: { at: {} } }, entries("pier")];
    const valibot = { ...std, entries: { stop: { options } } };
    expect(fieldset(valibot).paths).toEqual(["stop.at.street", "stop.at.pier"]);
  });

  test("a recursive schema, so far", () => {
    const node = z.object({
      id: z.string(),
      get parent() {
        return node.optional();
      },
    });
    const { paths } = fieldset(node);
    expect(paths.length).toBeLessThan(20);
    expect(paths).toContain("parent.parent.id");
  });

  test("properties, where there is no JSON Schema: `shape` and `entries`", () => {
    const std = { "~standard": { version: 1, vendor: "test" } } as const;
    const list = { type: "array", item: { entries: { label: { type: "string" } } } };
    const union = { options: [{ entries: { user: {} } }, { entries: { team: {} } }, {}] };
    const tags = { type: "optional", wrapped: list };
    const valibot = { ...std, entries: { id: {}, tags, owner: union, kind: { options: ["a"] } } };
    expect(fieldset(valibot).paths).toEqual([
      "id",
      "tags.label",
      "owner.user",
      "owner.team",
      "kind",
    ]);
    const wrapped = { def: { innerType: { shape: { x: {} } } } };
    const zod3 = { ...std, shape: { id: {}, a: { element: wrapped } } };
    expect(fieldset(zod3).paths).toEqual(["id", "a.x"]);
  });

  test("no schema that says nothing of its fields", () => {
    for (const schema of [{ "~standard": { version: 1, vendor: "test" } } as const, z.string()]) {
      expect(() => fieldset(schema)).toThrow("whose fields can be read");
    }
  });

  test("paths", () => {
    const set = fieldset({ paths: ["id", "author.name", "author.avatar.url"] });
    expect(set.parse("?fields=author").key).toBe("author(avatar(url),name)");
  });

  test.each([
    [{}],
    [{ "a,b": true }],
    [{ "a.b": true }],
    [{ "": true }],
    [{ "a b": true }],
    [{ a: {} }],
    [JSON.parse('{"__proto__":true}')],
    [["id", "title"]],
    [{ id: "text" }],
    [{ id: false }],
    [{ author: null }],
    [undefined],
  ])("no shape like %j", (shape) => {
    expect(() => fieldset(shape as Record<string, true>)).toThrow(
      expect.objectContaining({ code: "UPSHIFT_INVALID_ARGUMENT" }),
    );
  });

  test("of parameters for types, those are told that there are, by their name", () => {
    const untyped = fieldset(SHAPE, { parameter: "only" });
    expect(thrown(() => untyped.parse("?only[other]=id")).message).toBe(
      'Unknown field "only[other]". Allowed are: only',
    );
    const typed = fieldset(SHAPE, { type: "articles", parameter: "only" });
    expect(thrown(() => typed.parse("?only[other]=id")).message).toBe(
      'Unknown field "only[other]". Allowed are: only, only[articles]',
    );
  });

  test("a query that was read already is none", () => {
    const query: unknown = { fields: "id" };
    expect(() => articles.parse(query as string)).toThrow("`parse` to get the URL of the request");
  });

  test("types know the paths", () => {
    expectTypeOf<FieldPath<{ id: true; author: { name: true } }>>().toEqualTypeOf<
      "id" | "author" | "author.name"
    >();
    // @ts-expect-error a default that is no path
    expect(() => fieldset(SHAPE, { default: ["nothing"] })).toThrow("known fields as `default`");
    const set = fieldset(SHAPE, { visible: { id: (user: { isAdmin: boolean }) => user.isAdmin } });
    // @ts-expect-error rules need their context
    expect(() => set.parse("?fields=id")).toThrow(TypeError);
  });
});

describe("pick", () => {
  const selection = articles.parse("?fields=id,author(name,avatar(url)),tags(label)");

  test("copies what is selected and nothing else", () => {
    const value = {
      id: 1,
      title: "t",
      secret: "s",
      author: { name: "a", email: "e", avatar: null, password: "p" },
      tags: [{ label: "x", weight: 1 }, { label: "y" }],
    };
    const expected = {
      id: 1,
      author: { name: "a", avatar: null },
      tags: [{ label: "x" }, { label: "y" }],
    };
    expect(pick(value, selection)).toEqual(expected);
    expect(pick([value, null], selection)).toEqual([expected, null]);
    expectTypeOf<Picked<{ id: number; at: Date; author: { name: string }[] }>>().toEqualTypeOf<{
      id?: number;
      at?: Date;
      author?: { name?: string }[];
    }>();
  });

  test("gives nothing of a value that is not as it was to be, and only own properties", () => {
    expect(pick({ id: 1, author: "secret", tags: 7 }, selection)).toEqual({ id: 1 });
    expect(pick(Object.create({ id: 1 }) as object, selection)).toEqual({});
    const odd = fieldset({ constructor: true, toString: true });
    expect(pick({}, odd.parse("?fields=constructor,toString"))).toEqual({});
  });

  test("a projection gets the paths", () => {
    const projection = {
      allow: (paths: readonly string[]) => paths.map((path) => path.toUpperCase()),
    };
    const asked = articles.parse("?fields=title,id");
    expect(projectionPaths(projection, asked)).toEqual(["ID", "TITLE"]);
  });
});

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { linkHeader } from "./link-header.ts";
import { pageAnswer } from "./page-answer.ts";

const PAGE = { rows: [{ id: 1 }], next: "c+/=", prev: undefined };

/** By relation, as a parser of the grammar of RFC 8288 reads it. */
function parse(header: string): Record<string, string> {
  const links = [
    ...header.matchAll(/<([^<>"\s]*)>((?:; [\w*]+=(?:"(?:[^"\\]|\\.)*"|[^",;\s]+))*)(?:, |$)/gy),
  ];
  expect(links.map(([whole]) => whole).join("")).toBe(header);
  return Object.fromEntries(
    links.map(([, href = "", rest = ""]) => [/rel="([^"]*)"/.exec(rest)?.[1] ?? "", href]),
  );
}

const linksOf = (url: string, page: object = PAGE, options: object = {}): Record<string, string> =>
  parse(pageAnswer({ url }, { ...PAGE, ...page }, options).headers["link"] ?? "");

describe("links to other pages", () => {
  test("keep what the query has, and replace the page parameters", () => {
    const url = "/items?q=a%20b+c&after=old&tag=x&tag=y&first=20&before=z&flag";
    expect(linksOf(url, { prev: "p" })).toEqual({
      first: "/items?q=a%20b+c&tag=x&tag=y&flag&first=20",
      prev: "/items?q=a%20b+c&tag=x&tag=y&flag&last=20&before=p",
      next: "/items?q=a%20b+c&tag=x&tag=y&flag&first=20&after=c%2B%2F%3D",
      last: "/items?q=a%20b+c&tag=x&tag=y&flag&last=20",
    });
  });

  test("have no size where the request has none, and so no last page", () => {
    expect(linksOf("/items")).toEqual({ first: "/items", next: "/items?after=c%2B%2F%3D" });
    expect(linksOf("/items", {}, { pageSize: 50 })).toMatchObject({ last: "/items?last=50" });
    expect(linksOf("/items?first=x%3E", { next: undefined })).toEqual({ first: "/items" });
  });

  test("go by the names of the API", () => {
    const parameters = {
      after: "page[after]",
      before: "page[before]",
      first: "page[size]",
      last: "page[size]",
    };
    expect(linksOf("/items?page%5Bsize%5D=5&page[after]=x", { prev: "p" }, { parameters })).toEqual(
      {
        first: "/items?page%5Bsize%5D=5",
        prev: "/items?page%5Bsize%5D=5&page%5Bbefore%5D=p",
        next: "/items?page%5Bsize%5D=5&page%5Bafter%5D=c%2B%2F%3D",
      },
    );
  });

  test("are absolute with a base, whatever host the client named", () => {
    expect(
      linksOf("http://evil.example/items?first=5", {}, { baseUrl: "https://api.example.org" }),
    ).toEqual({
      first: "https://api.example.org/items?first=5",
      next: "https://api.example.org/items?first=5&after=c%2B%2F%3D",
      last: "https://api.example.org/items?last=5",
    });
    expect(() => linksOf("/", {}, { baseUrl: "javascript:alert(1)" })).toThrow("`baseUrl`");
  });

  test.each([
    ["https://api.example.org/v1", "https://api.example.org/v1"],
    ["https://api.example.org/?key=secret", "https://api.example.org/"],
    ["https://user:secret@api.example.org", "https://api.example.org/"],
  ])("a base of %s would lose something, and is refused", (baseUrl, shown) => {
    expect(() => linksOf("/items", {}, { baseUrl })).toThrow(
      `\`baseUrl\` as an origin, 'https://api.example.org': links have the path of the request, got "${shown}"`,
    );
  });

  test.each([
    "//evil.example/items",
    "///evil.example",
    "/\\evil.example",
    "http://a//evil.example",
  ])("of %s lead nowhere else", (url) => {
    const { first = "" } = linksOf(url);
    expect(new URL(first, "http://own.example/").host).toBe("own.example");
  });

  test("of any target and cursor are a well-formed header, and lead to the own host", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (url, next) => {
        const links = linksOf(`/${url}`, { next });
        const href = new URL(links["next"] ?? "", "http://own.example/");
        expect(href.host).toBe("own.example");
        expect(href.searchParams.get("after")).toBe(next.replaceAll(/\p{Surrogate}/gu, "�"));
      }),
      { seed: 11, numRuns: 200 },
    );
  });

  test("of a client that sends CRLF, quotes or brackets stay one header", () => {
    const { headers } = pageAnswer({ url: '/a>; rel="next"\r\nSet-Cookie: x=1?<"' }, PAGE);
    expect(headers["link"]).not.toMatch(/[\r\n]/);
    expect(headers["link"]).toMatch(/^<\/a%3E;%20rel=%22next%22%0D%0ASet-Cookie:%20x=1\?%3C%22>;/);
  });
});

describe("an envelope", () => {
  const page = { ...PAGE, count: { value: 1_000, isCapped: true } };

  test("is not there unless it is asked for", () => {
    expect(pageAnswer({ url: "/items" }, page).value).toEqual([{ id: 1 }]);
    expect(pageAnswer({ url: "/items?envelope=false", headers: ENVELOPE }, page).value).toEqual([
      { id: 1 },
    ]);
    expect(pageAnswer({ url: "/items?envelope=true" }, page, { envelope: false }).value).toEqual([
      { id: 1 },
    ]);
  });

  test("is asked for by the query, a media type, or the program", () => {
    const expected = {
      data: [{ id: 1 }],
      links: { first: "/items", prev: null, next: "/items?after=c%2B%2F%3D", last: null },
      total: 1_000,
      isTotalCapped: true,
    };
    const byQuery = pageAnswer({ url: "/items?envelope=true" }, page);
    expect(byQuery.value).toMatchObject({ data: [{ id: 1 }], total: 1_000 });
    expect(byQuery.headers["vary"]).toBe(undefined);
    expect(byQuery.headers["link"]).toContain("/items?envelope=true&after=");
    for (const request of [
      { url: "/items", headers: ENVELOPE },
      { url: "/items", header: (name: string) => Reflect.get(ENVELOPE, name) },
      { originalUrl: "/items", url: "/", headers: ENVELOPE },
    ]) {
      const answer = pageAnswer(request, page);
      expect(answer.value).toEqual(expected);
      expect(answer.headers["vary"]).toBe("Accept");
    }
    expect(pageAnswer({ url: "/items" }, PAGE, { envelope: true }).value).toMatchObject({
      total: null,
    });
  });
});

const ENVELOPE = { accept: "text/html, application/json; envelope=true" };

describe("a Link header", () => {
  test("quotes, escapes and encodes", () => {
    const header = linkHeader([
      { href: "a b?x=é", rel: "describedby", parameters: { title: 'say "hi" \\', type: "a/b" } },
      { href: "/x", rel: "next https://example.org/rel", parameters: { title: "naïve (1)" } },
    ]);
    expect(header).toBe(
      '<a%20b?x=%C3%A9>; rel="describedby"; title="say \\"hi\\" \\\\"; type="a/b", </x>; rel="next https://example.org/rel"; title*=UTF-8\'\'na%C3%AFve%20%281%29',
    );
  });

  test.each([
    [{ href: "/", rel: 'next"' }],
    [{ href: "/", rel: "" }],
    [{ href: "/", rel: "next", parameters: { title: "a\r\nb" } }],
    [{ href: "/", rel: "next", parameters: { "a b": "x" } }],
    [{ href: "/", rel: "next", parameters: { rel: "x" } }],
    [{ href: "/", rel: "next", parameters: { REL: "x" } }],
  ])("refuses %j", (link) => {
    expect(() => linkHeader([link])).toThrow(
      expect.objectContaining({ code: "UPSHIFT_INVALID_ARGUMENT" }),
    );
  });
});

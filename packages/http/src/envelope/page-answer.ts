import { InvalidArgumentError } from "@upshift/foundation";
import { parseAccept } from "../stream/media-type.ts";
import { type Link, linkHeader } from "./link-header.ts";
import { type PageCursors, pageLinks, type PageLinks, type PageParameters } from "./page-links.ts";

/** What is used of a page of `keyset` of `@upshift/postgres`. */
export interface PageLike<Row> extends PageCursors {
  readonly rows: readonly Row[];
  readonly count?: { readonly value: number; readonly isCapped: boolean } | undefined;
}

/** What is used of a request: of `node:http`, Express, Fastify or Hono (`c.req`), or the facts of one. */
export interface PageAsked {
  readonly url?: string | undefined;
  /** Preferred, where a router shortens `url`. */
  readonly originalUrl?: string | undefined;
  readonly headers?: object | undefined;
  header?(name: string): unknown;
}

export interface PageAnswerOptions {
  /** `'request'`: as `envelope=true` of the query, or of a media type in `Accept`, says. Default is `'request'`. */
  readonly envelope?: boolean | "request" | undefined;
  readonly parameters?: PageParameters | undefined;
  /** Rows of a page for which the request named no size; without it there is no link to the last page then. */
  readonly pageSize?: number | undefined;
  /** Where the program is seen from outside, `'https://api.example.org'`: links become absolute, with the path of the request. Default is paths. */
  readonly baseUrl?: string | undefined;
  /** Further links of the `Link` header. */
  readonly links?: readonly Link[] | undefined;
}

/** Rows with what belongs to them. */
export interface PageEnvelope<Row> {
  readonly data: readonly Row[];
  readonly links: PageLinks;
  /** How many rows there are in all, if they were counted. */
  readonly total: number | null;
  /** There are more than `total`. */
  readonly isTotalCapped?: true;
}

export interface PageAnswer<Row> {
  /** The body: the rows, or an envelope if one was asked for. */
  readonly value: readonly Row[] | PageEnvelope<Row>;
  /** `link`, and `vary` where `Accept` decided. */
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * A page as a body and headers: bare rows with the other pages in `Link`, and an envelope for clients that ask for one.
 *
 * ```ts
 * const { value, headers } = pageAnswer(request, await page({ first: 50, after }));
 * await send(response, value, { headers });
 * ```
 *
 * @throws {InvalidArgumentError} when an option cannot work
 */
export function pageAnswer<Row>(
  request: PageAsked,
  page: PageLike<Row>,
  options: PageAnswerOptions = {},
): PageAnswer<Row> {
  const { envelope = "request", parameters = {}, pageSize, baseUrl, links: further = [] } = options;
  const target = request.originalUrl ?? request.url ?? "/";
  const relative = pageLinks(target, page, parameters, pageSize);
  const base = baseUrl === undefined ? undefined : toBase(baseUrl, relative.first ?? "/");
  const resolve = (href: string): string => (base === undefined ? href : new URL(href, base).href);
  const at = (href: string | null): string | null => (href === null ? null : resolve(href));
  const { first, prev, next, last } = relative;
  const links = { first: at(first), prev: at(prev), next: at(next), last: at(last) };
  const all = Object.entries(links).flatMap(([rel, href]) =>
    href === null ? [] : [{ rel, href }],
  );
  const link = linkHeader([
    ...all,
    ...further.map(({ href, rel, parameters: own }) => ({
      href: resolve(href),
      rel,
      parameters: own,
    })),
  ]);
  const wish = envelope === "request" ? askedEnvelope(request, target) : { isOn: envelope };
  const vary = "isByAccept" in wish ? { vary: "Accept" } : {};
  const { rows, count } = page;
  if (!wish.isOn) return { value: rows, headers: { link, ...vary } };
  const capped = count?.isCapped === true ? { isTotalCapped: true as const } : {};
  const value = { data: rows, links, total: count?.value ?? null, ...capped };
  return { value, headers: { link, ...vary } };
}

function askedEnvelope(
  request: PageAsked,
  target: string,
): { readonly isOn: boolean; readonly isByAccept?: true } {
  const mark = target.indexOf("?");
  const query = new URLSearchParams(mark < 0 ? "" : target.slice(mark + 1));
  const wish = query.get("envelope");
  if (wish === "true" || wish === "false") return { isOn: wish === "true" };
  const accept = acceptOf(request);
  const isOn = parseAccept(accept).some(
    ({ parameters, quality }) => quality > 0 && parameters.get("envelope") === "true",
  );
  return { isOn, isByAccept: true };
}

function acceptOf(request: PageAsked): string {
  const value: unknown =
    typeof request.header === "function"
      ? request.header("accept")
      : Reflect.get(request.headers ?? {}, "accept");
  return typeof value === "string" ? value : "";
}

function toBase(baseUrl: string, path: string): URL {
  if (!URL.canParse(baseUrl) || !/^https?:/.test(baseUrl)) {
    throw new InvalidArgumentError("`baseUrl` as a URL with http or https", baseUrl);
  }
  const { href, origin, pathname } = new URL(baseUrl);
  if (href !== `${origin}/`) {
    const expected =
      "`baseUrl` as an origin, 'https://api.example.org': links have the path of the request";
    throw new InvalidArgumentError(expected, origin + pathname);
  }
  return new URL(path, baseUrl);
}

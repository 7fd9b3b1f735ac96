import type { IncomingHttpHeaders } from "node:http";
import { InvalidArgumentError } from "@upshift/foundation";
import type { CachedOptions } from "./cached-options.ts";

/** What a request asks for, in the form in which the handler sees it. */
export interface RequestKey {
  /** Path and query, normalised. */
  readonly url: string;
  /** Differs from it where a router has shortened or a hook has rewritten it. */
  readonly originalUrl: string;
  /** Under which the response is kept. */
  readonly key: string;
}

/** How a framework shows its requests. */
export interface RequestView<Request> {
  methodOf(request: Request): string | undefined;
  /** Names in lower case. */
  headersOf(request: Request): IncomingHttpHeaders;
  /** Whether it brings something that is in no key. Default: it does not. */
  hasBody?(request: Request): boolean;
  /** Where handlers see it in the address: a client may name any. Default: they do not. */
  schemeOf?(request: Request): string;
  /** Path and query, as handlers see them. */
  urlOf(request: Request): string;
  /** The same as they came. Default: {@link urlOf}. */
  originalUrlOf?(request: Request): string | undefined;
  /** Parameters that the framework has read by itself, by a parser that may differ from the one of this package: they become part of the key. */
  queryOf?(request: Request): unknown;
}

/** Targets that are looked up again; most requests are for few. */
const MOST_REMEMBERED = 2_000;
const LONGEST_REMEMBERED = 500;

/** Makes keys, and remembers those of short targets. */
export class RequestKeys<Request> {
  readonly #options: CachedOptions<Request>;
  readonly #view: RequestView<Request>;
  readonly #names: ReadonlySet<string> | undefined;
  readonly #isByTarget: boolean;
  /** By host, by target. */
  readonly #remembered = new Map<string, Map<string, RequestKey>>();
  #rememberedCount = 0;

  constructor(options: CachedOptions<Request>, view: RequestView<Request>) {
    this.#options = options;
    this.#view = view;
    this.#names = options.query === undefined ? undefined : new Set(options.query);
    this.#isByTarget =
      options.vary === undefined && options.key === undefined && options.private === undefined;
  }

  /** @returns `undefined` for what is not to be answered from a cache: a target that is no path or is misspelled, a host that is none, nobody for a private route */
  of(request: Request, headers: IncomingHttpHeaders): RequestKey | undefined {
    const url = this.#view.urlOf(request);
    const originalUrl = this.#view.originalUrlOf?.(request) ?? url;
    const scheme = this.#view.schemeOf?.(request) ?? "";
    const base = this.#baseOf(`${scheme}${headers.host ?? ""}`, url, originalUrl);
    if (base === undefined) return undefined;
    const query = this.#view.queryOf?.(request);
    const seen = query === undefined ? "" : textOfQuery(query, this.#names);
    if (this.#isByTarget && seen === "") return base;
    const { vary, key, private: personOf } = this.#options;
    const parts: unknown[] = [seen];
    for (const name of vary ?? []) parts.push(lineOf(headers[name.toLowerCase()]));
    if (key !== undefined) parts.push(...[key(request)].flat().map((part) => checked("key", part)));
    if (personOf !== undefined) {
      const person: unknown = personOf(request);
      if (person === undefined || person === null || person === "") return undefined;
      parts.push(checked("private", person));
    }
    return { ...base, key: `${base.key} ${JSON.stringify(parts)}` };
  }

  #baseOf(host: string, url: string, originalUrl: string): RequestKey | undefined {
    const id = url === originalUrl ? url : `${url} ${originalUrl}`;
    const known = this.#remembered.get(host)?.get(id);
    if (known !== undefined) return known;
    if (/[^\w.:[\]-]/.test(host)) return undefined;
    const normal = normalizeTarget(url, this.#names);
    const original = url === originalUrl ? normal : normalizeTarget(originalUrl, this.#names);
    if (normal === undefined || original === undefined) return undefined;
    const targets = normal === original ? normal : `${normal} ${original}`;
    const made = { url: normal, originalUrl: original, key: `${host.toLowerCase()} ${targets}` };
    if (host.length + id.length <= LONGEST_REMEMBERED) this.#remember(host, id, made);
    return made;
  }

  #remember(host: string, id: string, made: RequestKey): void {
    if (this.#rememberedCount >= MOST_REMEMBERED) {
      this.#remembered.clear();
      this.#rememberedCount = 0;
    }
    const ofHost = this.#remembered.get(host) ?? new Map<string, RequestKey>();
    this.#remembered.set(host, ofHost.set(id, made));
    this.#rememberedCount += 1;
  }
}

/**
 * Path as it came; parameters decoded and encoded in one way, sorted by name, those of one name in their order.
 *
 * A path is never decoded: whether `/a%2Fb` and `/a/b` are the same is for the router to say, and here they are not.
 *
 * @param names - of the parameters that count
 * @returns `undefined` for a target that is no path, and for one whose parameters parsers would read differently: not percent-encoded, or not UTF-8
 */
export function normalizeTarget(
  target: string,
  names: ReadonlySet<string> | undefined,
): string | undefined {
  if (!target.startsWith("/") || NOT_IN_TARGET.test(target)) return undefined;
  const at = target.indexOf("?");
  if (at === -1) return target;
  const given = target.slice(at + 1);
  if (BROKEN_ESCAPE.test(given)) return undefined;
  const parameters = new URLSearchParams(given);
  if (names !== undefined)
    for (const name of new Set(parameters.keys())) if (!names.has(name)) parameters.delete(name);
  parameters.sort();
  const query = parameters.toString();
  if (query.includes(NOT_UTF_8)) return undefined;
  return query === "" ? target.slice(0, at) : `${target.slice(0, at)}?${query}`;
}

/** Anything but visible ASCII, and the mark of what clients never send. */
const NOT_IN_TARGET = /[^\x21-\x7e]|#/;
const BROKEN_ESCAPE = /%(?![\da-f]{2})/i;
/** What decoders write for bytes that are not UTF-8. */
const NOT_UTF_8 = "%EF%BF%BD";

/** The parameters that count, of those that a framework has read. */
export function countingParameters(
  query: unknown,
  names: ReadonlySet<string> | undefined,
): Readonly<Record<string, unknown>> {
  const counting: Record<string, unknown> = {};
  if (typeof query !== "object" || query === null) return counting;
  for (const [name, value] of Object.entries(query))
    if (names === undefined || names.has(name)) define(counting, name, value);
  return counting;
}

/** Also for `__proto__`. */
function define(target: object, name: string, value: unknown): void {
  Object.defineProperty(target, name, {
    value,
    enumerable: true,
    configurable: true,
    writable: true,
  });
}

function textOfQuery(query: unknown, names: ReadonlySet<string> | undefined): string {
  if (typeof query !== "object" || query === null) return "";
  for (const _ in query)
    return JSON.stringify(sorted(countingParameters(query, names)), textOfBigint);
  return "";
}

const textOfBigint = (_name: string, value: unknown): unknown =>
  typeof value === "bigint" ? `${value}n` : value;

const sorted = (query: Readonly<Record<string, unknown>>): unknown =>
  Object.entries(query).toSorted(([left], [right]) => (left < right ? -1 : 1));

/** A promise or an object, written as text, would be the same for all. */
function checked(name: string, part: unknown): unknown {
  if (typeof part === "function" || (typeof part === "object" && part !== null))
    throw new InvalidArgumentError(`\`${name}\` to give text, and not a promise of it`, part);
  return part;
}

const lineOf = (value: string | string[] | undefined): string | null =>
  value === undefined ? null : typeof value === "string" ? value : value.join(", ");

import type { IncomingMessage } from "node:http";
import type { CachedOptions } from "./cached-options.ts";

/** What a request asks for, in the form in which the handler sees it. */
export interface RequestKey {
  /** Path and query, normalised. */
  readonly url: string;
  /** Under which the response is kept. */
  readonly key: string;
}

/** Targets that are looked up again; most requests are for few. */
const MOST_REMEMBERED = 2_000;
const LONGEST_REMEMBERED = 500;

/** Makes keys, and remembers those of short targets. */
export class RequestKeys<Request extends IncomingMessage> {
  readonly #options: CachedOptions<Request>;
  readonly #names: ReadonlySet<string> | undefined;
  readonly #remembered = new Map<string, RequestKey>();

  constructor(options: CachedOptions<Request>) {
    this.#options = options;
    this.#names = options.query === undefined ? undefined : new Set(options.query);
  }

  /** @returns `undefined` for what is not to be answered from a cache: a request without path or host, or with more than one */
  of(request: Request, target: string): RequestKey | undefined {
    const host = request.headers.host ?? "";
    const { vary, key, private: personOf } = this.#options;
    const base = this.#baseOf(host, target);
    if (base === undefined || (vary === undefined && key === undefined && personOf === undefined))
      return base;
    const parts: (string | null)[] = [];
    for (const name of vary ?? []) parts.push(lineOf(request.headers[name.toLowerCase()]));
    if (key !== undefined) parts.push(...[key(request)].flat());
    if (personOf !== undefined) {
      const person = personOf(request);
      if (person === undefined || person === "") return undefined;
      parts.push(person);
    }
    return { url: base.url, key: `${base.key} ${JSON.stringify(parts)}` };
  }

  #baseOf(host: string, target: string): RequestKey | undefined {
    const id = `${host} ${target}`;
    const known = this.#remembered.get(id);
    if (known !== undefined) return known;
    const url = normalizeTarget(target, this.#names);
    if (url === undefined || /[^\w.:[\]-]/.test(host)) return undefined;
    const made = { url, key: `${host.toLowerCase()} ${url}` };
    if (id.length <= LONGEST_REMEMBERED) {
      if (this.#remembered.size >= MOST_REMEMBERED) this.#remembered.clear();
      this.#remembered.set(id, made);
    }
    return made;
  }
}

/**
 * Path as it came; parameters decoded and encoded in one way, sorted by name, those of one name in their order.
 *
 * @param names - of the parameters that count
 * @returns `undefined` for a target that is no path
 */
export function normalizeTarget(
  target: string,
  names: ReadonlySet<string> | undefined,
): string | undefined {
  if (!target.startsWith("/") || target.includes("#")) return undefined;
  const at = target.indexOf("?");
  if (at === -1) return target;
  const parameters = new URLSearchParams(target.slice(at + 1));
  if (names !== undefined)
    for (const name of new Set(parameters.keys())) if (!names.has(name)) parameters.delete(name);
  parameters.sort();
  const query = parameters.toString();
  return query === "" ? target.slice(0, at) : `${target.slice(0, at)}?${query}`;
}

const lineOf = (value: string | string[] | undefined): string | null =>
  value === undefined ? null : typeof value === "string" ? value : value.join(", ");

import { toUri } from "./link-header.ts";

/** Names of the query's parameters that choose a page. */
export interface PageParameters {
  /** Default is `'after'`. */
  readonly after?: string | undefined;
  /** Default is `'before'`. */
  readonly before?: string | undefined;
  /** Rows of a page that goes forward. Default is `'first'`. */
  readonly first?: string | undefined;
  /** Rows of a page that goes backward; may be the same as `first`. Default is `'last'`. */
  readonly last?: string | undefined;
}

/** Where the other pages of a list are; `null` where there is none, or it cannot be said. */
export interface PageLinks {
  readonly first: string | null;
  readonly prev: string | null;
  readonly next: string | null;
  readonly last: string | null;
}

export interface PageCursors {
  readonly next?: string | undefined;
  readonly prev?: string | undefined;
}

/**
 * The URLs of other pages: that of the request with other page parameters. All else in its query stays as it came.
 *
 * @param target - path and query, or a URL, of which host and scheme are dropped: a client has written them
 * @param pageSize - when the request names none
 */
export function pageLinks(
  target: string,
  { next, prev }: PageCursors,
  { after = "after", before = "before", first = "first", last = "last" }: PageParameters,
  pageSize: number | undefined,
): PageLinks {
  const { path, query } = split(target);
  const names = new Set([after, before, first, last]);
  const pairs = query.split("&").filter((pair) => pair !== "");
  const kept = pairs.filter((pair) => !names.has(nameOf(pair)));
  const given = new URLSearchParams(query);
  const asked = given.get(first) ?? given.get(last);
  const size = asked !== null && /^\d{1,9}$/.test(asked) ? asked : pageSize?.toString();
  const href = (own: Readonly<Record<string, string | undefined>>): string => {
    const added = Object.entries(own).flatMap(([name, value]) =>
      value === undefined ? [] : [`${encodeURIComponent(name)}=${encodeURIComponent(value)}`],
    );
    const all = [...kept, ...added].join("&");
    return toUri(all === "" ? path : `${path}?${all}`);
  };
  return {
    first: href({ [first]: size }),
    prev: prev === undefined ? null : href({ [last]: size, [before]: prev }),
    next: next === undefined ? null : href({ [first]: size, [after]: next }),
    // By a size alone, which must be one of a page that goes backward.
    last: size === undefined || first === last ? null : href({ [last]: size }),
  };
}

function split(target: string): { readonly path: string; readonly query: string } {
  const [withoutFragment = ""] = target.split("#", 1);
  const mark = withoutFragment.indexOf("?");
  const before = mark < 0 ? withoutFragment : withoutFragment.slice(0, mark);
  const path = before.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/]*/i, "");
  return { path: safePath(path), query: mark < 0 ? "" : withoutFragment.slice(mark + 1) };
}

/** Two slashes at the start would make the first segment a host: a link to wherever a client wants it. */
function safePath(path: string): string {
  if (!path.startsWith("/")) return `/${path}`;
  return path.startsWith("//") ? `/.${path}` : path;
}

function nameOf(pair: string): string {
  const [[name] = [""]] = new URLSearchParams(pair);
  return name;
}

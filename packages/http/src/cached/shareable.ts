import { parseVary } from "./vary-names.ts";
import type { Recorded } from "./recorded.ts";

/** What is decided about by the route, not by its handler. */
export interface ShareRules {
  readonly isPrivate: boolean;
  /** Request fields in the key, in lower case. */
  readonly vary: ReadonlySet<string>;
}

/** Statuses whose responses are kept; all others are only shared among those that wait for the same load. */
const KEPT: ReadonlySet<number> = new Set([200, 203, 204, 300, 301, 308, 404, 410]);

/** Whether a response may be given to anybody but who made it. @returns why not, or nothing */
export function refusalToShare(
  { fields, body }: Recorded,
  readNames: ReadonlySet<string>,
  { isPrivate, vary }: ShareRules,
): string | undefined {
  if (body === undefined) return "its body is larger than `maxBytes`";
  if (readNames.size > 0)
    return `its handler read ${listOf(readNames)}, which ${readNames.size === 1 ? "is" : "are"} not in its key: put what decides about the response into \`vary\`, \`key\` or \`private\`, and the rest into \`ignoreHeaders\``;
  const valueOf = (name: string): string =>
    fields
      .filter(([each]) => each === name)
      .map(([, value]) => value)
      .join(", ");
  if (fields.some(([name]) => name === "set-cookie"))
    return "it sets a cookie, which is for one person";
  if (valueOf("content-encoding") !== "")
    return "its handler has compressed it: leave that to the cache";
  if (valueOf("content-range") !== "") return "it is a part of something";
  if (Number(valueOf("content-length")) > body.length)
    return "its handler announced more than it gave";
  const cacheControl = valueOf("cache-control");
  if (/(?:^|[,\s])no-store(?:$|[,\s=])/i.test(cacheControl)) return "its handler said `no-store`";
  if (!isPrivate && /(?:^|[,\s])private(?:$|[,\s=])/i.test(cacheControl))
    return "its handler said `private`: give the route `private: (request) => …`";
  const unkeyed = parseVary(valueOf("vary")).filter((name) => !vary.has(name));
  if (unkeyed.length > 0)
    return `it varies by ${listOf(new Set(unkeyed))}, which is not in its key: add it to \`vary\``;
  return undefined;
}

export const isKept = (status: number): boolean => KEPT.has(status);

const listOf = (names: ReadonlySet<string>): string =>
  Array.from(names, (name) => (name === "*" ? "all header fields" : `\`${name}\``)).join(", ");

/** What a header may have in characters; the rest of the program's headers are about as much. */
const LONGEST = 8_192;

/**
 * The last addresses that proxies wrote to `X-Forwarded-For`, the nearest first.
 *
 * Read from its end: what a client put before it costs nothing and changes nothing.
 *
 * @param count - how many at most
 */
export function lastForwardedFor(header: string, count: number): readonly string[] {
  const found: string[] = [];
  let end = header.length;
  while (found.length < count && end >= 0) {
    const comma = header.lastIndexOf(",", end - 1);
    found.push(header.slice(end === 0 ? 0 : comma + 1, end).trim());
    if (comma < 0 || end === 0) break;
    end = comma;
  }
  return found;
}

/** A pair or none, for RFC 7239 lets elements have empty ones, up to what ends it. */
const PAIR =
  /[ \t]*(?:([!#$%&'*+\-.^_`|~\w]+)=(?:"((?:[^"\\]|\\.)*)"|([!#$%&'*+\-.^_`|~\w]+)))?[ \t]*([,;]|$)/y;

/**
 * The `for` of each element of `Forwarded`, the nearest first; `undefined` for an element without one.
 *
 * A header that is malformed anywhere is malformed: an unclosed quote of a client would hide where the elements of proxies begin. Source: RFC 7239 section 4.
 *
 * @returns `undefined` when it is malformed or longer than 8,192 characters
 */
export function lastForwarded(header: string): readonly (string | undefined)[] | undefined {
  if (header.length > LONGEST) return undefined;
  const elements: (string | undefined)[] = [];
  let current: string | undefined;
  let [hasFor, isEmpty] = [false, true];
  let position = 0;
  // Also what comes after a `;` or `,` at the end: there the last element ends, or is missing.
  for (let separator: string | undefined = ","; separator !== "";) {
    PAIR.lastIndex = position;
    const match = PAIR.exec(header);
    if (match === null) return undefined;
    const [whole, name, quoted, token] = match;
    separator = match[4] ?? "";
    position += whole.length;
    if (name !== undefined) isEmpty = false;
    if (name?.toLowerCase() === "for") {
      // Each parameter comes once in an element.
      if (hasFor) return undefined;
      hasFor = true;
      current = quoted === undefined ? token : quoted.replaceAll(/\\(.)/g, "$1");
    }
    if (separator === ";") continue;
    // Of a proxy that wrote nothing: the one before it may be a client's.
    if (isEmpty) return undefined;
    elements.push(current);
    [current, hasFor, isEmpty] = [undefined, false, true];
  }
  return elements.toReversed();
}

/** The address of a node as proxies write it: with a port or without, which may be hidden behind a name (`_x`), IPv6 in brackets or not. */
export function addressOfNode(node: string): string {
  const bracketed = /^\[([^\]]*)\](?::(?:\d{1,5}|_[\w.-]+))?$/.exec(node);
  if (bracketed !== null) return bracketed[1] ?? "";
  // One colon ends an IPv4 address; IPv6 has two at least.
  const withPort = /^([\d.]+):(?:\d{1,5}|_[\w.-]+)$/.exec(node);
  return withPort === null ? node : (withPort[1] ?? "");
}

import { ConnectionUrlError } from "./connection-errors.ts";

const SCHEME = /^postgres(?:ql)?:\/\//;
const ENCODE_HINT = "write @ : / ? # % in a password percent-encoded, such as %40 for @";

export function isConnectionUri(text: string): boolean {
  return SCHEME.test(text);
}

/**
 * Name and value pairs of a connection URI, in libpq's keywords: `host` and `port` may be comma lists.
 *
 * Follows libpq's conninfo_uri_parse_options, which differs from WHATWG URLs: several hosts, no host, sockets as `%2F…`.
 * Stricter in one point: an `@` that libpq would take into a host or database name is a password that was not encoded.
 *
 * @throws {ConnectionUrlError} never with a part of the text that could be a password
 */
export function parseConnectionUri(uri: string): readonly (readonly [string, string])[] {
  const rest = uri.replace(SCHEME, "");
  const authorityEnd = indexOrEnd(rest, /[@/]/);
  const hasLogin = rest[authorityEnd] === "@";
  const login = hasLogin ? rest.slice(0, authorityEnd) : "";
  const location = hasLogin ? rest.slice(authorityEnd + 1) : rest;

  const queryStart = indexOrEnd(location, /\?/);
  const address = location.slice(0, queryStart);
  if (address.includes("@")) throw new ConnectionUrlError(`it has more than one @; ${ENCODE_HINT}`);
  const pathStart = indexOrEnd(address, /\//);

  const pairs: (readonly [string, string])[] = [
    ...loginPairs(login),
    ...hostPairs(address.slice(0, pathStart)),
  ];
  const database = address.slice(pathStart + 1);
  if (database !== "") pairs.push(["dbname", decode(database, "the database name")]);
  return [...pairs, ...queryPairs(location.slice(queryStart + 1))].filter(
    ([, value]) => value !== "",
  );
}

function loginPairs(login: string): readonly (readonly [string, string])[] {
  const colon = indexOrEnd(login, /:/);
  return [
    ["user", decode(login.slice(0, colon), "the user name")],
    ["password", decode(login.slice(colon + 1), "the password")],
  ];
}

/** `host:port,[::1]:port`; a missing port is an empty entry of its list. */
function hostPairs(text: string): readonly (readonly [string, string])[] {
  if (text === "") return [];
  const entries = text.split(",").map((entry) => {
    const match = /^(?:\[(?<address>[^\]]*)\]|(?<name>[^:[\]]*))(?::(?<port>.*))?$/.exec(entry);
    const { address, name, port = "" } = match?.groups ?? {};
    if (match === null || address === "") {
      throw new ConnectionUrlError("an IPv6 address stands in brackets, such as [::1]");
    }
    if (!/^\d*$/.test(port)) throw new ConnectionUrlError(`a port is not a number; ${ENCODE_HINT}`);
    return { host: decode(address ?? name ?? "", "the host"), port };
  });
  return [
    ["host", entries.map(({ host }) => host).join(",")],
    [
      "port",
      entries.some(({ port }) => port !== "") ? entries.map(({ port }) => port).join(",") : "",
    ],
  ];
}

function queryPairs(query: string): readonly (readonly [string, string])[] {
  return query
    .split("&")
    .filter((pair) => pair !== "")
    .map((pair) => {
      const equals = indexOrEnd(pair, /=/);
      const name = decode(pair.slice(0, equals), "a parameter's name");
      if (equals === pair.length) {
        throw new ConnectionUrlError("a parameter after ? has no value; write name=value");
      }
      return [name, decode(pair.slice(equals + 1), `the parameter ${name}`)] as const;
    });
}

function decode(text: string, what: string): string {
  try {
    const decoded = decodeURIComponent(text);
    if (decoded.includes("\0")) throw new URIError("null byte");
    return decoded;
  } catch {
    throw new ConnectionUrlError(
      `${what} has a % that does not start an escape; write a literal % as %25`,
    );
  }
}

function indexOrEnd(text: string, pattern: RegExp): number {
  const index = text.search(pattern);
  return index === -1 ? text.length : index;
}

import type { ConnectionOptions as TlsOptions } from "node:tls";
import { InvalidArgumentError } from "@upshift/foundation";

/** What a URL says about a server. */
export interface RedisAddress {
  readonly host: string;
  readonly port: number;
  readonly path?: string | undefined;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly database: number;
  readonly tls?: TlsOptions | undefined;
}

const DEFAULT_PORT = 6379;

/**
 * @param url - `redis://user:password@host:port/db`, `rediss://…` for TLS, `unix:///path/to/socket?db=1`
 * @throws {InvalidArgumentError} which does not repeat the URL, since it may hold a password
 */
export function parseRedisUrl(url: string): RedisAddress {
  const parsed = parse(url);
  const protocol = parsed?.protocol ?? "";
  if (parsed === undefined || !["redis:", "rediss:", "unix:"].includes(protocol))
    throw new InvalidArgumentError(
      "a URL such as redis://host:6379/0, rediss://host:6380 or unix:///path/to/socket",
      `something that starts with ${/^[a-z+]{0,10}/i.exec(url)?.[0] ?? ""}`,
    );
  const { username, password } = parsed;
  const isSocket = protocol === "unix:";
  const database = parsed.searchParams.get("db") ?? (isSocket ? "" : parsed.pathname.slice(1));
  if (!/^\d*$/.test(database))
    throw new InvalidArgumentError("the database in the URL as a number", database);
  return {
    host: parsed.hostname.replace(/^\[(.*)\]$/, "$1") || "127.0.0.1",
    port: parsed.port === "" ? DEFAULT_PORT : Number(parsed.port),
    ...(isSocket ? { path: decodeURIComponent(parsed.pathname) } : {}),
    ...(username === "" ? {} : { username: decodeURIComponent(username) }),
    ...(password === "" ? {} : { password: decodeURIComponent(password) }),
    ...(protocol === "rediss:" ? { tls: {} } : {}),
    database: Number(database),
  };
}

function parse(url: string): URL | undefined {
  try {
    return new URL(url);
  } catch {
    return undefined;
  }
}

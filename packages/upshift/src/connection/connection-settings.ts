import { ConnectionSettingError } from "./connection-errors.ts";
import type { ConnectionKeywords } from "./connection-keywords.ts";

const SSL_MODES = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"] as const;

export type SslMode = (typeof SSL_MODES)[number];

type ChannelBinding = "disable" | "prefer" | "require";

/** A server to try; several are tried in order. */
export interface HostAddress {
  /** A name, an address, or the folder of a Unix socket (starts with `/`). */
  readonly host: string;
  /** Where to connect when it is not `host`: libpq's `hostaddr`. `host` is still what the certificate must name. */
  readonly address: string;
  readonly port: number;
}

/** A connection request with every default filled in but passwords, which depend on the host. */
export interface ConnectionSettings {
  readonly hosts: readonly [HostAddress, ...HostAddress[]];
  readonly database: string;
  readonly user: string;
  readonly applicationName: string;
  /** Server settings of `options`/PGOPTIONS, sent as they are; `null` sends none. */
  readonly options: string | null;
  /** 0 waits for ever. */
  readonly connectTimeoutMs: number;
  readonly sslMode: SslMode;
  readonly sslNegotiation: "postgres" | "direct";
  readonly channelBinding: ChannelBinding;
}

export interface SettingDefaults {
  readonly host: string;
  readonly user: string;
}

/** Long enough for a serverless database that wakes up, short enough for a person who waits. */
const DEFAULT_CONNECT_TIMEOUT_MS = 10_000;
const DEFAULT_PORT = 5432;

/**
 * Settings from libpq's keywords, checked.
 *
 * @throws {ConnectionSettingError} for a value that cannot work
 */
export function toSettings(
  keywords: ConnectionKeywords,
  defaults: SettingDefaults,
): ConnectionSettings {
  const user = keywords.user ?? defaults.user;
  return {
    hosts: hostsOf(keywords, defaults.host),
    database: keywords.dbname ?? user,
    user,
    applicationName: keywords.application_name ?? "upshift",
    options: keywords.options ?? null,
    connectTimeoutMs: connectTimeoutOf(keywords.connect_timeout),
    sslMode: sslModeOf(keywords),
    sslNegotiation: oneOf(["postgres", "direct"], keywords.sslnegotiation, "sslnegotiation"),
    channelBinding: oneOf(
      ["prefer", "disable", "require"],
      keywords.channel_binding,
      "channel_binding",
    ),
  };
}

function hostsOf(
  { host, hostaddr, port }: ConnectionKeywords,
  defaultHost: string,
): ConnectionSettings["hosts"] {
  const names = host?.split(",") ?? [];
  const addresses = hostaddr?.split(",") ?? [];
  const ports = port?.split(",") ?? [];
  const count = Math.max(names.length, addresses.length, 1);
  if (names.length > 0 && addresses.length > 0 && names.length !== addresses.length) {
    throw new ConnectionSettingError(
      `There are ${names.length} hosts but ${addresses.length} addresses in hostaddr. Give one address per host.`,
      "hostaddr",
    );
  }
  if (ports.length > 1 && ports.length !== count) {
    throw new ConnectionSettingError(
      `There are ${count} hosts but ${ports.length} ports. Give one port for all, or one per host.`,
      "port",
    );
  }
  const hostAt = (index: number): HostAddress => {
    const name = names[index] ?? "";
    const address = addresses[index] ?? "";
    return {
      host: name || address || defaultHost,
      address: address || name || defaultHost,
      port: portOf(ports.length === 1 ? ports[0] : ports[index]),
    };
  };
  return [hostAt(0), ...Array.from({ length: count - 1 }, (_, index) => hostAt(index + 1))];
}

function portOf(text: string | undefined): number {
  if (text === undefined || text.trim() === "") return DEFAULT_PORT;
  const port = Number(text);
  if (!/^\s*\d+\s*$/.test(text) || port < 1 || port > 65_535) {
    // Not repeated: a piece of a password that was not encoded ends up here.
    throw new ConnectionSettingError(
      "The port is not a number from 1 to 65535. Correct it in the URL or in PGPORT.",
      "port",
    );
  }
  return port;
}

/** libpq's seconds; 0 and below wait for ever. */
function connectTimeoutOf(text: string | undefined): number {
  if (text === undefined) return DEFAULT_CONNECT_TIMEOUT_MS;
  if (!/^\s*-?\d+\s*$/.test(text)) {
    throw new ConnectionSettingError(
      "connect_timeout is not a whole number of seconds. Correct it in the URL or in PGCONNECT_TIMEOUT.",
      "connect_timeout",
    );
  }
  return Math.max(0, Number(text)) * 1_000;
}

function sslModeOf({ sslmode, sslrootcert, sslnegotiation }: ConnectionKeywords): SslMode {
  // As in libpq: the system's authorities prove nothing unless the name is checked as well.
  const isSystem = sslrootcert === "system";
  const fallback = isSystem ? "verify-full" : "prefer";
  const mode = oneOf([fallback, ...SSL_MODES], sslmode, "sslmode");
  if (isSystem && mode !== "verify-full") {
    throw new ConnectionSettingError(
      `sslrootcert=system needs sslmode=verify-full, not ${mode}. Change one of them.`,
      "sslrootcert",
    );
  }
  if (sslnegotiation === "direct" && ["disable", "allow", "prefer"].includes(mode)) {
    throw new ConnectionSettingError(
      `sslnegotiation=direct needs sslmode=require or stricter, not ${mode}. Change one of them.`,
      "sslnegotiation",
    );
  }
  return mode;
}

/** The value, or the first that is allowed when none is given. */
function oneOf<const Value extends string>(
  allowed: readonly [Value, ...Value[]],
  text: string | undefined,
  name: string,
): Value {
  if (text === undefined) return allowed[0];
  const value = allowed.find((candidate) => candidate === text);
  if (value === undefined) {
    throw new ConnectionSettingError(
      `${name} has a value that does not exist. Use one of ${[...new Set(allowed)].join(", ")}.`,
      name,
    );
  }
  return value;
}

import { InvalidArgumentError } from "@upshift/foundation";

/** A server that is thrown away: nothing is made durable, everything listens on loopback only. */
const DEFAULT_SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: "127.0.0.1",
  unix_socket_directories: "",
  fsync: "off",
  synchronous_commit: "off",
  full_page_writes: "off",
  shared_preload_libraries: "pg_stat_statements",
  log_timezone: "UTC",
  timezone: "UTC",
  max_connections: "100",
};

const SETTING_NAME = /^[a-z_][a-z0-9_.]*$/i;

/**
 * Text of a postgresql.conf that first includes the one of initdb.
 *
 * @throws {InvalidArgumentError} for a name that no setting can have, or a value with a line break
 */
export function renderPostgresSettings(settings: Readonly<Record<string, string>>): string {
  const lines = Object.entries({ ...DEFAULT_SETTINGS, ...settings }).map(([name, value]) => {
    if (!SETTING_NAME.test(name)) throw new InvalidArgumentError("the name of a setting", name);
    if (/[\r\n]/.test(value)) throw new InvalidArgumentError(`\`${name}\` in one line`, value);
    return `${name} = '${value.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`;
  });
  return `include '{folder}/data/postgresql.conf'\n${lines.join("\n")}\n`;
}

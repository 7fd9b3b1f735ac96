import { InvalidArgumentError } from "@upshift/foundation";
import type { PgDriver, ServerConfig } from "./pg-driver.ts";
import type { ServerAddress } from "./pool-options.ts";

/** Shape only: what pg makes of the text is pg's business. */
export function serverConfig(address: ServerAddress | undefined): ServerConfig {
  return typeof address === "string" ? { connectionString: address } : (address ?? {});
}

/**
 * `host:port/database` as pg understands the address, for errors and gauges: no user, no password, no options.
 *
 * @throws {InvalidArgumentError} when pg cannot read the address; without the address, and without pg's error, which may quote it
 */
export function serverName(driver: PgDriver, config: ServerConfig, option: string): string {
  try {
    const { host, port, database } = new driver.Client({ ...config });
    return `${host ?? "localhost"}:${port ?? ""}/${database ?? ""}`;
  } catch {
    throw new InvalidArgumentError(
      `\`${option}\` as a URL like "postgres://user:password@host:5432/database", its parts percent-encoded`,
      "one that cannot be read",
    );
  }
}

/** pg-pool hides a `password`, and shows a connection string with the password in it. */
export function hideConnectionString(poolOptions: object): void {
  if (!("connectionString" in poolOptions)) return;
  Object.defineProperty(poolOptions, "connectionString", {
    value: poolOptions.connectionString,
    enumerable: false,
    configurable: true,
    writable: true,
  });
}

import { isIP } from "node:net";
import { checkServerIdentity, type ConnectionOptions } from "node:tls";
import type { ConnectionSettings, HostAddress } from "./connection-settings.ts";
import type { TlsFiles } from "./tls-files.ts";

/** One way to open a connection: TLS options, or `false` for plain text. */
export type Attempt = false | ConnectionOptions;

/**
 * The ways to try, in order, for libpq's sslmode. node-postgres itself knows only "TLS, verified" and "no TLS".
 *
 * `prefer` and `require` encrypt without proving who answers, unless a root certificate is there; then the chain is
 * checked. Only `verify-full` checks the name. A Unix socket is never encrypted.
 */
export function tlsAttempts(
  { sslMode }: Pick<ConnectionSettings, "sslMode">,
  files: TlsFiles,
  host: HostAddress,
): readonly Attempt[] {
  if (host.address.startsWith("/")) return [false];
  const encrypted = tlsOptions(sslMode === "verify-full", files, host);
  switch (sslMode) {
    case "disable":
      return [false];
    case "allow":
      return [false, encrypted];
    case "prefer":
      return [encrypted, false];
    case "require":
    case "verify-ca":
    case "verify-full":
      return [encrypted];
    default:
      return sslMode satisfies never;
  }
}

function tlsOptions(isNameChecked: boolean, files: TlsFiles, host: HostAddress): ConnectionOptions {
  const key = files.privateKey();
  const passphrase = files.passphrase();
  return {
    rejectUnauthorized: files.authorities !== null,
    ...(files.authorities === null || files.authorities === "system"
      ? {}
      : { ca: files.authorities.pem }),
    ...(files.certificate === null ? {} : { cert: files.certificate }),
    ...(key === null ? {} : { key }),
    ...(passphrase === null ? {} : { passphrase }),
    ...(files.minVersion === null ? {} : { minVersion: files.minVersion }),
    ...(files.maxVersion === null ? {} : { maxVersion: files.maxVersion }),
    // Poolers route by it; an address must not be sent (RFC 6066, section 3).
    ...(isIP(host.host) === 0 ? { servername: host.host } : {}),
    // The name that was asked for, not the address it is reached at; Node would take "localhost" for an address.
    checkServerIdentity: (_, certificate) =>
      isNameChecked ? checkServerIdentity(host.host, certificate) : undefined,
  };
}

import { UpshiftError } from "@upshift/foundation";
import { neutralise } from "@upshift/findings/terminal";
import {
  AccessRejectedError,
  AuthenticationFailedError,
  DatabaseUnavailableError,
  ServerUnreachableError,
  TlsFailedError,
  TooManyConnectionsError,
} from "./connection-errors.ts";
import type { HostAddress } from "./connection-settings.ts";
import { causeOf } from "./failure-cause.ts";
import type { ResolvedConnection } from "./resolve-connection.ts";

/** The error to show for a failed attempt: one line, what happened and what to do. Holds no password: none of its parts could. */
export function describeConnectionFailure(
  error: unknown,
  resolved: ResolvedConnection,
  host: HostAddress,
): Error {
  if (error instanceof UpshiftError) return error;
  const { settings } = resolved;
  const place = neutralise(placeOf(host));
  const user = `user "${neutralise(settings.user)}"`;
  const database = `database "${neutralise(settings.database)}"`;
  const said = error instanceof Error ? neutralise(error.message) : "unknown error";
  const elsewhere = resolved.isGuess
    ? "Nothing said where the database is: pass its URL, or set DATABASE_URL or PGHOST."
    : "Check host and port, and that the server runs and can be reached from here.";
  const seconds = settings.connectTimeoutMs / 1_000;

  const cause = causeOf(error);
  switch (cause) {
    case "refused":
      return new ServerUnreachableError(`No server answers at ${place}. ${elsewhere}`, error);
    case "unknown-host":
      return new ServerUnreachableError(
        `The host name "${neutralise(host.address)}" is not known. Check its spelling and the network.`,
        error,
      );
    case "no-socket":
      return new ServerUnreachableError(
        `There is no server socket at ${place}. ${elsewhere}`,
        error,
      );
    case "socket-forbidden":
      return new ServerUnreachableError(
        `This operating system user may not open ${place}. Use a user who may, or connect by host and port.`,
        error,
      );
    case "timeout":
      return new ServerUnreachableError(
        `${place} did not answer within ${seconds} s. Check host, port and firewall, or raise connect_timeout.`,
        error,
      );
    case "unreachable":
      return new ServerUnreachableError(
        `${place} cannot be reached over the network. Check the address, VPN and firewall.`,
        error,
      );
    case "closed":
    case "not-postgres":
      return new ServerUnreachableError(
        `${place} answers, but not as a PostgreSQL server. Check the port.`,
        error,
      );
    case "starting":
      return new ServerUnreachableError(
        `The server at ${place} is starting up or shutting down. Try again in a moment.`,
        error,
      );
    case "no-password":
      return new AuthenticationFailedError(
        `The server at ${place} asks a password of ${user} and none was given. Set PGPASSWORD, add a line to ~/.pgpass, or put it into DATABASE_URL.`,
        error,
      );
    case "wrong-password":
      return new AuthenticationFailedError(
        `The server at ${place} refused the password of ${user}. Check user and password.`,
        error,
      );
    case "not-allowed":
      return new AccessRejectedError(rejected(said, place, user, database), error);
    case "no-database":
      return new DatabaseUnavailableError(
        `The server at ${place} has no ${database}. Check the name after the last / of the URL, or PGDATABASE.`,
        error,
      );
    case "database-forbidden":
      return new DatabaseUnavailableError(
        `The ${user} may not connect to ${database}. Ask its owner for: GRANT CONNECT ON DATABASE ${quoted(settings.database)} TO ${quoted(settings.user)};`,
        error,
      );
    case "too-many":
      return new TooManyConnectionsError(
        `The server at ${place} has no connection left for ${user}. Close idle ones, raise max_connections, or connect through a pooler.`,
        error,
      );
    case "tls-unsupported":
      return new TlsFailedError(
        `The server at ${place} does not speak TLS, but sslmode=${settings.sslMode} asks for it. Use sslmode=prefer on a trusted network.`,
        error,
      );
    case "tls-untrusted":
      return new TlsFailedError(
        `The certificate of ${place} is not trusted (${said}). Set sslrootcert to the certificate of its authority, and check the host name.`,
        error,
      );
    case "tls-failed":
      return new TlsFailedError(
        `TLS with ${place} failed (${said}). Check sslmode, sslcert and sslkey.`,
        error,
      );
    case "other":
      return new ServerUnreachableError(`Could not connect to ${place}: ${said}`, error);
    default:
      return cause satisfies never;
  }
}

function rejected(said: string, place: string, user: string, database: string): string {
  const wantsTls = /no encryption|SSL off|(?:SSL|TLS) required|insecure/i.test(said);
  if (/role .* does not exist/.test(said)) {
    return `The server at ${place} has no ${user}. Check the user name.`;
  }
  if (/not permitted to log in/.test(said)) {
    return `The ${user} may not log in at ${place}. Use another, or ALTER ROLE … LOGIN.`;
  }
  return wantsTls
    ? `The server at ${place} does not let ${user} into ${database} without TLS. Use sslmode=require, or add an entry to its pg_hba.conf.`
    : `The server at ${place} does not let ${user} into ${database} from this machine (${said}). Add an entry to its pg_hba.conf, or use an address that has one.`;
}

function placeOf({ host, address, port }: HostAddress): string {
  if (address.startsWith("/")) return `${address}/.s.PGSQL.${port}`;
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

function quoted(name: string): string {
  return `"${neutralise(name).replaceAll('"', '""')}"`;
}

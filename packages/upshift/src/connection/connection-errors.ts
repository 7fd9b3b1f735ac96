import { UpshiftError } from "@upshift/foundation";

/** The connection URL or `key=value` text cannot be read. Its text is never repeated: it may hold a password. */
export class ConnectionUrlError extends UpshiftError {
  readonly code = "UPSHIFT_CONNECTION_URL_INVALID" as const;

  /** @param reason - what is wrong, without any part of the URL that could be a password */
  constructor(reason: string) {
    super(
      `The connection URL cannot be used: ${reason}. Expected postgres://user:password@host:5432/database`,
    );
  }
}

/** A setting such as sslmode, a port or a service has a value that cannot work. */
export class ConnectionSettingError extends UpshiftError {
  readonly code = "UPSHIFT_CONNECTION_SETTING_INVALID" as const;

  /** @param message - a sentence: what is wrong, where it came from, what to write instead */
  constructor(message: string, setting: string) {
    super(message, { details: { setting } });
  }
}

/** Nothing that speaks PostgreSQL answers at the address. */
export class ServerUnreachableError extends UpshiftError {
  readonly code = "UPSHIFT_SERVER_UNREACHABLE" as const;

  constructor(message: string, cause: unknown) {
    super(message, { cause });
  }
}

/** The server refused the user or the password, or asked for a password where none was given. */
export class AuthenticationFailedError extends UpshiftError {
  readonly code = "UPSHIFT_AUTHENTICATION_FAILED" as const;

  constructor(message: string, cause: unknown) {
    super(message, { cause });
  }
}

/** The server's access rules (pg_hba.conf) have no entry that lets this connection in. */
export class AccessRejectedError extends UpshiftError {
  readonly code = "UPSHIFT_ACCESS_REJECTED" as const;

  constructor(message: string, cause: unknown) {
    super(message, { cause });
  }
}

/** The server has no such database, or the role may not connect to it. */
export class DatabaseUnavailableError extends UpshiftError {
  readonly code = "UPSHIFT_DATABASE_UNAVAILABLE" as const;

  constructor(message: string, cause: unknown) {
    super(message, { cause });
  }
}

/** Server or pooler has no connection left. */
export class TooManyConnectionsError extends UpshiftError {
  readonly code = "UPSHIFT_TOO_MANY_CONNECTIONS" as const;

  constructor(message: string, cause: unknown) {
    super(message, { cause });
  }
}

/** The connection could not be encrypted as sslmode asks, or the server's certificate is not trusted. */
export class TlsFailedError extends UpshiftError {
  readonly code = "UPSHIFT_TLS_FAILED" as const;

  constructor(message: string, cause?: unknown) {
    super(message, { cause });
  }
}

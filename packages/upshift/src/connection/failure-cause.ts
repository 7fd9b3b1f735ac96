/** What a failed attempt to connect came to, whatever driver, pooler or server reported it. */
export type FailureCause =
  | "refused"
  | "unknown-host"
  | "no-socket"
  | "socket-forbidden"
  | "timeout"
  | "unreachable"
  | "closed"
  | "not-postgres"
  | "starting"
  | "no-password"
  | "wrong-password"
  | "not-allowed"
  | "no-database"
  | "database-forbidden"
  | "too-many"
  | "tls-unsupported"
  | "tls-untrusted"
  | "tls-failed"
  | "other";

const BY_CODE: Readonly<Record<string, FailureCause>> = {
  ECONNREFUSED: "refused",
  ENOTFOUND: "unknown-host",
  EAI_AGAIN: "unknown-host",
  EAI_FAIL: "unknown-host",
  EAI_NODATA: "unknown-host",
  EAI_NONAME: "unknown-host",
  ENOENT: "no-socket",
  ENOTSOCK: "no-socket",
  EACCES: "socket-forbidden",
  EPERM: "socket-forbidden",
  ETIMEDOUT: "timeout",
  EHOSTUNREACH: "unreachable",
  ENETUNREACH: "unreachable",
  EADDRNOTAVAIL: "unreachable",
  ECONNRESET: "closed",
  EPIPE: "closed",
  ERR_TLS_CERT_ALTNAME_INVALID: "tls-untrusted",
  EPROTO: "tls-failed",
  "28P01": "wrong-password",
  "28000": "not-allowed",
  "3D000": "no-database",
  "42501": "database-forbidden",
  "53300": "too-many",
  "57P03": "starting",
  "57P01": "starting",
  "57P02": "starting",
};

/** For errors without a code of their own, and for poolers, which report most things as 08P01. */
const BY_MESSAGE: readonly (readonly [RegExp, FailureCause])[] = [
  [
    /no more connections allowed|too many connections|too many clients|max_client_conn|MaxClients/i,
    "too-many",
  ],
  [/does not support SSL connections/, "tls-unsupported"],
  [/error establishing an SSL connection/, "not-postgres"],
  [/client password must be a|no password supplied/, "no-password"],
  [
    /password authentication failed|SASL authentication failed|wrong password|auth(?:entication)? failed/i,
    "wrong-password",
  ],
  [/no such database|database .* does not exist|Tenant or user not found/i, "no-database"],
  [
    /no such user|SSL required|TLS required|ssl\/tls required|connection is insecure|no pg_hba/i,
    "not-allowed",
  ],
  [/timeout expired|query_wait_timeout|timed out/i, "timeout"],
  [/certificate/i, "tls-untrusted"],
  [/\b(?:SSL|TLS)\b/, "tls-failed"],
  [/Connection terminated/, "closed"],
  [/SASL|SCRAM|unknown message|Received unexpected|offset/i, "not-postgres"],
];

export function causeOf(error: unknown): FailureCause {
  if (!(error instanceof Error)) return "other";
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  const known = BY_CODE[code];
  if (known !== undefined) return known;
  if (/CERT|ISSUER|SELF_SIGNED|UNABLE_TO_VERIFY/.test(code)) return "tls-untrusted";
  if (/^ERR_(?:SSL|TLS|OSSL)/.test(code)) return "tls-failed";
  const first = error instanceof AggregateError ? error.errors[0] : undefined;
  if (first !== undefined) return causeOf(first);
  return BY_MESSAGE.find(([pattern]) => pattern.test(error.message))?.[1] ?? "other";
}

/** libpq's `allow`: the server refused plain text. */
export function shouldTryEncrypted(cause: FailureCause): boolean {
  return cause === "not-allowed";
}

/** libpq's `prefer`. Not after a wrong password: a second try would send it in the clear and count towards a lockout. */
export function shouldTryUnencrypted(cause: FailureCause): boolean {
  return (
    cause === "tls-unsupported" ||
    cause === "tls-failed" ||
    cause === "tls-untrusted" ||
    cause === "not-allowed" ||
    cause === "not-postgres"
  );
}

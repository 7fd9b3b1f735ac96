import { EventEmitter } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import type { Queryable } from "@upshift/advisor";
import type { Client as PgClient } from "pg";
import { TlsFailedError } from "./connection-errors.ts";
import { describeConnectionFailure } from "./connection-failure.ts";
import type { HostAddress } from "./connection-settings.ts";
import { causeOf, shouldTryUnencrypted, shouldTryEncrypted } from "./failure-cause.ts";
import type { ResolvedConnection } from "./resolve-connection.ts";
import { type Attempt, tlsAttempts } from "./tls-attempts.ts";

/** One open connection to a database. */
export interface DatabaseConnection {
  readonly queryable: Queryable;
  readonly host: HostAddress;
  readonly isEncrypted: boolean;
  /** Ends the connection; never throws, never hangs. */
  close(): Promise<void>;
}

/** A server that does not answer the good-bye must not hold the command. */
const CLOSE_TIMEOUT_MS = 2_000;

/**
 * Opens one connection: hosts in order, each as its sslmode says.
 *
 * Sends no settings as startup parameters but the application's name, as transaction poolers refuse others.
 *
 * @throws one of the errors of `connection-errors.ts`, for the last host that was tried; the signal's reason when aborted
 */
export async function connect(
  resolved: ResolvedConnection,
  signal: AbortSignal,
): Promise<DatabaseConnection> {
  const { settings } = resolved;
  let failure: unknown;
  for (const host of settings.hosts) {
    const attempts = tlsAttempts(settings, resolved.tls, host);
    for (const [index, attempt] of attempts.entries()) {
      try {
        return await open(resolved, host, attempt, signal);
      } catch (error) {
        signal.throwIfAborted();
        failure = describeConnectionFailure(error, resolved, host);
        const cause = causeOf(error);
        const isFallback = attempt === false ? shouldTryEncrypted : shouldTryUnencrypted;
        if (index === attempts.length - 1 || !isFallback(cause)) break;
      }
    }
  }
  throw failure;
}

async function open(
  { settings, passwordFor }: ResolvedConnection,
  host: HostAddress,
  attempt: Attempt,
  signal: AbortSignal,
): Promise<DatabaseConnection> {
  signal.throwIfAborted();
  const mustBind = settings.channelBinding === "require";
  let isBound = false;
  // Loaded late, for what never connects.
  const { Client } = await import("pg");
  const client = new Client({
    host: host.address,
    port: host.port,
    database: settings.database,
    user: settings.user,
    // As a function it never falls back to variables of the environment, nor to pg's own password file.
    password: () => {
      if (mustBind && !isBound) throw new TlsFailedError(UNBOUND);
      return passwordFor(host) ?? "";
    },
    application_name: settings.applicationName,
    ...(settings.options === null ? {} : { options: settings.options }),
    ssl: attempt,
    sslnegotiation: attempt === false ? "postgres" : settings.sslNegotiation,
    enableChannelBinding: settings.channelBinding !== "disable",
    connectionTimeoutMillis: settings.connectTimeoutMs,
    keepAlive: true,
  });
  // An error between two statements reaches the next statement; without a listener it would end the process.
  client.on("error", () => undefined);
  onMechanisms(client, (mechanisms) => {
    isBound = attempt !== false && mechanisms.includes("SCRAM-SHA-256-PLUS");
  });

  try {
    await untilAborted(client.connect(), signal);
    if (mustBind && !isBound) throw new TlsFailedError(UNBOUND);
  } catch (error) {
    // Not waited for: a server that never answered does not answer this either.
    void client.end().catch(() => undefined);
    throw error;
  }
  return {
    queryable: {
      query: async (text, values) =>
        values === undefined ? await client.query(text) : await client.query(text, [...values]),
    },
    host,
    isEncrypted: attempt !== false,
    close: async () => {
      const ended = client.end().catch(() => undefined);
      await Promise.race([ended, delay(CLOSE_TIMEOUT_MS, undefined, { ref: false })]);
    },
  };
}

async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const settled = new AbortController();
  const aborted = new Promise<never>((_, reject) => {
    const options = { once: true, signal: settled.signal };
    signal.addEventListener("abort", () => reject(toError(signal.reason)), options);
  });
  // When the abort wins, nobody else hears how the attempt ended.
  work.catch(() => undefined);
  try {
    return await Promise.race([work, aborted]);
  } finally {
    settled.abort();
  }
}

function toError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}

const UNBOUND =
  "channel_binding=require cannot be met: the server does not offer SCRAM-SHA-256-PLUS over TLS. Use sslmode=require or stricter, or channel_binding=prefer.";

/** Which SASL mechanisms the server offers; asked before the password is. `connection` is public but not in pg's types. */
function onMechanisms(client: PgClient, listener: (names: readonly string[]) => void): void {
  if (!("connection" in client) || !(client.connection instanceof EventEmitter)) return;
  client.connection.on(
    "authenticationSASL",
    (message: { readonly mechanisms: readonly string[] }) => listener(message.mechanisms),
  );
}

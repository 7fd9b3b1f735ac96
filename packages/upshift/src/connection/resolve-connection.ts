import { access } from "node:fs/promises";
import { userInfo } from "node:os";
import path from "node:path";
import { ConnectionUrlError } from "./connection-errors.ts";
import {
  type ConnectionKeywords,
  fillIn,
  keywordsOfEnvironment,
  toKeywords,
} from "./connection-keywords.ts";
import { type ConnectionSettings, type HostAddress, toSettings } from "./connection-settings.ts";
import { isConnectionUri, parseConnectionUri } from "./connection-uri.ts";
import { isConninfo, parseConninfo } from "./conninfo.ts";
import { readPasswordFile } from "./password-file.ts";
import { readService } from "./service-file.ts";
import { readTlsFiles, type TlsFiles } from "./tls-files.ts";

export interface ConnectionRequest {
  /** The command's argument: a URL or `key=value` text. */
  readonly url?: string | undefined;
  /** `--service`. */
  readonly service?: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly homeFolder: string;
}

export interface ResolvedConnection {
  readonly settings: ConnectionSettings;
  readonly tls: TlsFiles;
  /** A function, so that no inspection and no JSON shows it; `null`: none was given. */
  readonly passwordFor: (host: HostAddress) => string | null;
  /** What a person should know: parameters that were ignored, a password where others can read it. */
  readonly notes: readonly string[];
  /** Nothing said where to connect: no URL, no service, no PGHOST. */
  readonly isGuess: boolean;
}

const SOCKET_FOLDERS = ["/var/run/postgresql", "/tmp"];

/**
 * Where and how to connect, by libpq's rules with DATABASE_URL before them.
 *
 * Precedence, per setting: the argument, else DATABASE_URL (unless a service was asked for), then the service, then PG*
 * variables, then defaults. A password comes from the same places, and last from the password file.
 *
 * @throws {ConnectionUrlError | ConnectionSettingError}
 */
export async function resolveConnection(request: ConnectionRequest): Promise<ResolvedConnection> {
  const { environment } = request;
  const databaseUrl = request.service === undefined ? environment["DATABASE_URL"] : undefined;
  const given = toKeywords(pairsOf(request.url ?? databaseUrl ?? ""));
  const variables = keywordsOfEnvironment(environment);
  const service = request.service ?? given.keywords.service ?? variables.service;
  const served = toKeywords(
    service === undefined
      ? []
      : await readService({
          service,
          file: given.keywords.servicefile ?? variables.servicefile,
          homeFolder: request.homeFolder,
          systemFolder: environment["PGSYSCONFDIR"] || undefined,
        }),
  );
  const keywords = fillIn(fillIn(given.keywords, served.keywords), variables);

  const settings = toSettings(keywords, {
    host: await defaultHost(keywords),
    user: systemUser(environment),
  });
  const passwords = await readPasswords(keywords, settings, request.homeFolder);
  return {
    settings,
    tls: await readTlsFiles(keywords, settings.sslMode, request.homeFolder),
    passwordFor: passwords.passwordFor,
    isGuess: keywords.host === undefined && keywords.hostaddr === undefined,
    notes: [
      ...(request.url !== undefined && given.keywords.password !== undefined
        ? [
            "The password in the argument can be read in the process list and in the shell's history; use DATABASE_URL, PGPASSWORD or ~/.pgpass.",
          ]
        : []),
      ...[...given.ignored, ...served.ignored].map(
        (name) => `The connection parameter "${name}" is not known here and was ignored.`,
      ),
      ...(passwords.note === null ? [] : [passwords.note]),
    ],
  };
}

function pairsOf(text: string): readonly (readonly [string, string])[] {
  if (text.trim() === "") return [];
  if (isConnectionUri(text)) return parseConnectionUri(text);
  if (isConninfo(text)) return parseConninfo(text);
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1];
  throw new ConnectionUrlError(
    scheme === undefined
      ? "it does not start with postgres:// and is not key=value text"
      : `it starts with ${scheme}://, not with postgres://`,
  );
}

async function defaultHost({ port = "5432" }: ConnectionKeywords): Promise<string> {
  for (const folder of process.platform === "win32" ? [] : SOCKET_FOLDERS) {
    const isThere = await access(path.join(folder, `.s.PGSQL.${port}`)).then(
      () => true,
      () => false,
    );
    if (isThere) return folder;
  }
  return "localhost";
}

function systemUser(environment: ConnectionRequest["environment"]): string {
  try {
    return userInfo().username;
  } catch {
    // A container's user may have no entry in /etc/passwd.
    return environment["USER"] ?? environment["USERNAME"] ?? "postgres";
  }
}

async function readPasswords(
  keywords: ConnectionKeywords,
  settings: ConnectionSettings,
  homeFolder: string,
): Promise<{
  readonly passwordFor: (host: HostAddress) => string | null;
  readonly note: string | null;
}> {
  const given = keywords.password;
  if (given !== undefined) return { passwordFor: () => given, note: null };
  const isWindows = process.platform === "win32";
  const ownFile = isWindows
    ? path.join(homeFolder, "AppData", "Roaming", "postgresql", "pgpass.conf")
    : path.join(homeFolder, ".pgpass");
  const file = await readPasswordFile(keywords.passfile ?? ownFile, !isWindows);
  return {
    passwordFor: ({ host, port }) =>
      file.passwordFor({ host, port, database: settings.database, user: settings.user }),
    note: file.note,
  };
}

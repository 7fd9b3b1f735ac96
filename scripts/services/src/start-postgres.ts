import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { InvalidArgumentError } from "@upshift/foundation";
import { bringPostgresMajor } from "./bring-postgres.ts";
import { freePort } from "./free-port.ts";
import type { PostgresMajor } from "./postgres-binaries.ts";
import { renderPostgresSettings } from "./postgres-settings.ts";
import { ServiceFailedError } from "./services-errors.ts";
import type { Specification } from "./specification.ts";
import { SupervisedProcess } from "./supervised-process.ts";
import { isReachableByAll, serverParentFolder, unprivilegedUser } from "./unprivileged-user.ts";

export interface StartPostgresOptions {
  /** Default 18, which `npm install` brings; 14 to 17 are fetched on first use. */
  readonly major?: PostgresMajor;
  /** Lines of postgresql.conf, over the defaults of `postgres-settings.ts`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Default: a free one. */
  readonly port?: number;
  readonly signal?: AbortSignal;
}

/** A real PostgreSQL on 127.0.0.1 whose process and folder are gone when `stop` returns or this process ends, however it ends. */
export interface PostgresServer {
  readonly major: PostgresMajor;
  readonly port: number;
  readonly dataDirectory: string;
  readonly logFile: string;
  /** SIGTERM to it stops the server and removes its folder. */
  readonly supervisorPid: number;
  /**
   * Connection string. Default: database `postgres`, the superuser `postgres` with its password;
   * another user comes without a password unless one is given (authentication is scram-sha-256).
   */
  url(database?: string, user?: string, password?: string): string;
  readLog(): Promise<string>;
  /** Ends every session as `pg_ctl restart -m immediate` does, recovers, and serves on the same port again when it resolves. */
  restart(): Promise<void>;
  stop(): Promise<void>;
  /** From now on the server survives this process. */
  keep(): Promise<void>;
}

const READY_POLL_MS = 10;
const READY_TIMEOUT_MS = 60_000;
/** Another process may take the free port between the probe and the start. */
const PORT_ATTEMPTS = 3;

/**
 * Starts a PostgreSQL server in a folder of its own under the OS temp folder.
 *
 * @throws {ServiceUnavailableError} when the binaries are not there and cannot be fetched
 * @throws {ServiceFailedError} when the server does not start
 */
export async function startPostgres(options: StartPostgresOptions = {}): Promise<PostgresServer> {
  const major = options.major ?? 18;
  const distribution = await bringPostgresMajor(major, { signal: options.signal });
  for (let attempt = 1; ; attempt++) {
    const port = options.port ?? (await freePort());
    try {
      return await startOn(port, major, distribution, options);
    } catch (error) {
      const isPortTaken =
        error instanceof ServiceFailedError && /could not bind/.test(error.message);
      if (!isPortTaken || options.port !== undefined || attempt === PORT_ATTEMPTS) throw error;
    }
  }
}

async function startOn(
  port: number,
  major: PostgresMajor,
  distribution: string,
  options: StartPostgresOptions,
): Promise<PostgresServer> {
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new InvalidArgumentError("`port` from 1 to 65535", port);
  const password = randomBytes(18).toString("base64url");
  const specification = await specify(port, password, distribution, options.settings ?? {});
  return serve({ major, port, password, specification, signal: options.signal });
}

/** Starts what the specification describes, which listens on `port` and has its data in `{folder}/data`. */
export async function serve(options: {
  readonly major: PostgresMajor;
  readonly port: number;
  /** Of the superuser. */
  readonly password: string;
  readonly specification: Specification;
  readonly signal: AbortSignal | undefined;
}): Promise<PostgresServer> {
  const { major, port, password, specification, signal } = options;
  const component = `PostgreSQL ${major}`;
  const supervised = await SupervisedProcess.start(component, specification, signal);
  const dataDirectory = path.join(supervised.folder, "data");
  try {
    await ready(component, supervised, dataDirectory, signal);
  } catch (error) {
    await supervised.stop();
    throw error;
  }
  return {
    major,
    port,
    dataDirectory,
    logFile: supervised.logFile,
    supervisorPid: supervised.supervisorPid,
    url: (database = "postgres", user = "postgres", userPassword) =>
      postgresUrl({
        port,
        database,
        user,
        password: userPassword ?? (user === "postgres" ? password : undefined),
      }),
    readLog: () => readFile(supervised.logFile, "utf8"),
    async restart() {
      process.kill(supervised.serverPid, "SIGQUIT");
      while (!supervised.hasExited) await delay(READY_POLL_MS);
      await supervised.restart();
      await ready(component, supervised, dataDirectory, undefined);
    },
    stop: () => supervised.stop(),
    keep: () => supervised.keep(),
  };
}

async function specify(
  port: number,
  password: string,
  distribution: string,
  settings: Readonly<Record<string, string>>,
): Promise<Specification> {
  const { home, specification } = await specifyServer(distribution, { port, settings });
  return {
    ...specification,
    files: [...specification.files, { file: "{folder}/password", text: `${password}\n` }],
    setup: [
      {
        file: `${home}/bin/initdb`,
        args: [
          "--pgdata={folder}/data",
          "--username=postgres",
          "--pwfile={folder}/password",
          "--auth=scram-sha-256",
          "--encoding=UTF8",
          "--no-sync",
          "--no-instructions",
        ],
      },
    ],
  };
}

/** A server on whatever data is in `{folder}/data` by the time it starts, and the folder of its programs. */
export async function specifyServer(
  distribution: string,
  {
    port,
    settings,
  }: { readonly port: number; readonly settings: Readonly<Record<string, string>> },
): Promise<{ readonly home: string; readonly specification: Specification }> {
  const user = await unprivilegedUser();
  const mustCopy = user !== undefined && !(await isReachableByAll(path.join(distribution, "bin")));
  const home = mustCopy ? "{folder}/distribution" : distribution;
  const locale = process.platform === "linux" ? "C.UTF-8" : "C";
  const specification: Specification = {
    parentFolder: await serverParentFolder(user),
    folderPrefix: "upshift-postgres-",
    ...(user === undefined ? {} : { user: { uid: user.uid, gid: user.gid } }),
    // The user's own PG* variables must not reach the server.
    environment: { LC_ALL: locale, LANG: locale, TZ: "UTC", PGDATA: "" },
    copies: mustCopy ? [{ from: distribution, to: "{folder}/distribution" }] : [],
    files: [
      {
        file: "{folder}/postgresql.conf",
        text: renderPostgresSettings({ port: String(port), ...settings }),
      },
    ],
    setup: [],
    server: {
      file: `${home}/bin/postgres`,
      args: ["-D", "{folder}/data", "-c", "config_file={folder}/postgresql.conf"],
    },
    // Immediate shutdown: the folder is removed next, so there is nothing to write back.
    stopSignal: "SIGQUIT",
  };
  return { home, specification };
}

/** Waits as pg_ctl does, for the word in the eighth line of postmaster.pid. */
async function ready(
  component: string,
  supervised: SupervisedProcess,
  dataDirectory: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const giveUpAtMs = Date.now() + READY_TIMEOUT_MS;
  for (;;) {
    signal?.throwIfAborted();
    const lines = await readFile(path.join(dataDirectory, "postmaster.pid"), "utf8").catch(
      () => "",
    );
    if (lines.split("\n")[7]?.trim() === "ready") return;
    if (supervised.hasExited || Date.now() > giveUpAtMs) {
      const log = await readFile(supervised.logFile, "utf8").catch(() => "");
      const what = supervised.hasExited
        ? "the server ended at once"
        : "the server did not get ready";
      throw new ServiceFailedError(component, what, log);
    }
    await delay(READY_POLL_MS);
  }
}

/** A connection string for 127.0.0.1 with every part escaped. */
export function postgresUrl(parts: {
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password: string | undefined;
}): string {
  const secret = parts.password === undefined ? "" : `:${encodeURIComponent(parts.password)}`;
  const login = `${encodeURIComponent(parts.user)}${secret}`;
  return `postgresql://${login}@127.0.0.1:${parts.port}/${encodeURIComponent(parts.database)}`;
}

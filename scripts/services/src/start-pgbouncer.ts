import { readFile } from "node:fs/promises";
import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { InvalidArgumentError } from "@upshift/foundation";
import { bringPgBouncer } from "./bring-pgbouncer.ts";
import { freePort } from "./free-port.ts";
import { ServiceFailedError } from "./services-errors.ts";
import { type PostgresServer, postgresUrl } from "./start-postgres.ts";
import { SupervisedProcess } from "./supervised-process.ts";
import { serverParentFolder, unprivilegedUser } from "./unprivileged-user.ts";

export interface StartPgBouncerOptions {
  readonly server: PostgresServer;
  /** Default `transaction`. */
  readonly poolMode?: "transaction" | "session" | "statement";
  /** Roles that may connect besides the superuser, with their passwords. */
  readonly users?: Readonly<Record<string, string>>;
  /** Lines of the `[pgbouncer]` section, over the defaults. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** A real PgBouncer on 127.0.0.1 before a server of `startPostgres`; supervised like it. */
export interface PgBouncerServer {
  readonly port: number;
  readonly logFile: string;
  /** As `PostgresServer.url`; the password of a role in `users` is filled in. */
  url(database?: string, user?: string, password?: string): string;
  readLog(): Promise<string>;
  stop(): Promise<void>;
}

const READY_POLL_MS = 10;
const READY_TIMEOUT_MS = 15_000;

/**
 * @throws {ServiceUnavailableError} when the program is not there and cannot be installed
 * @throws {ServiceFailedError} when it does not start
 */
export async function startPgBouncer(options: StartPgBouncerOptions): Promise<PgBouncerServer> {
  const { server, signal } = options;
  const program = await bringPgBouncer({ signal });
  const user = await unprivilegedUser();
  const port = await freePort();
  const superuserPassword = decodeURIComponent(new URL(server.url()).password);
  const passwords: Readonly<Record<string, string>> = {
    ...options.users,
    postgres: superuserPassword,
  };
  const supervised = await SupervisedProcess.start(
    "PgBouncer",
    {
      parentFolder: await serverParentFolder(user),
      folderPrefix: "upshift-pgbouncer-",
      ...(user === undefined ? {} : { user: { uid: user.uid, gid: user.gid } }),
      environment: { TZ: "UTC" },
      copies: [],
      files: [
        { file: "{folder}/users.txt", text: renderUsers(passwords) },
        {
          file: "{folder}/pgbouncer.ini",
          text: renderIni(server.port, {
            listen_addr: "127.0.0.1",
            listen_port: String(port),
            unix_socket_dir: "",
            auth_type: "scram-sha-256",
            auth_file: "{folder}/users.txt",
            pool_mode: options.poolMode ?? "transaction",
            ...options.settings,
          }),
        },
      ],
      setup: [],
      server: { file: program, args: ["{folder}/pgbouncer.ini"] },
      // Immediate shutdown.
      stopSignal: "SIGTERM",
    },
    signal,
  );
  try {
    await accepting(port, supervised, signal);
  } catch (error) {
    await supervised.stop();
    throw error;
  }
  return {
    port,
    logFile: supervised.logFile,
    url: (database = "postgres", as = "postgres", password) =>
      postgresUrl({ port, database, user: as, password: password ?? passwords[as] }),
    readLog: () => readFile(supervised.logFile, "utf8"),
    stop: () => supervised.stop(),
  };
}

function renderIni(serverPort: number, settings: Readonly<Record<string, string>>): string {
  const lines = Object.entries(settings).map(([name, value]) => {
    if (/[\r\n]/.test(value)) throw new InvalidArgumentError(`\`${name}\` in one line`, value);
    return `${name} = ${value}`;
  });
  const databases = `[databases]\n* = host=127.0.0.1 port=${serverPort}\n`;
  return `${databases}\n[pgbouncer]\n${lines.join("\n")}\n`;
}

function renderUsers(passwords: Readonly<Record<string, string>>): string {
  const lines = Object.entries(passwords).map(([name, word]) => `${quote(name)} ${quote(word)}\n`);
  return lines.join("");
}

function quote(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}

async function accepting(
  port: number,
  supervised: SupervisedProcess,
  signal: AbortSignal | undefined,
): Promise<void> {
  const giveUpAtMs = Date.now() + READY_TIMEOUT_MS;
  while (!(await canConnect(port))) {
    signal?.throwIfAborted();
    if (supervised.hasExited || Date.now() > giveUpAtMs) {
      const log = await readFile(supervised.logFile, "utf8").catch(() => "");
      throw new ServiceFailedError("PgBouncer", "it does not accept connections", log);
    }
    await delay(READY_POLL_MS);
  }
}

async function canConnect(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1" });
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { Client } from "pg";
import { bringPostgresMajor } from "./bring-postgres.ts";
import { freePort } from "./free-port.ts";
import { type PostgresServer, serve, specifyServer } from "./start-postgres.ts";
import { serverParentFolder, unprivilegedUser } from "./unprivileged-user.ts";

export interface StartReplicaOptions {
  /** Lines of postgresql.conf, over the defaults of `postgres-settings.ts`. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/**
 * A streaming replica of a server of `startPostgres`, as it was at the call and from then on. It has the primary's roles and passwords.
 *
 * `SELECT pg_wal_replay_pause()` on it, as the superuser, makes it lag; `pg_promote()` makes it a server of its own.
 *
 * @throws {ServiceFailedError} when it does not start
 */
export async function startReplica(
  primary: PostgresServer,
  { settings = {}, signal }: StartReplicaOptions = {},
): Promise<PostgresServer> {
  const password = decodeURIComponent(new URL(primary.url()).password);
  const distribution = await bringPostgresMajor(primary.major, { signal });
  const port = await freePort();
  const { specification } = await specifyServer(distribution, {
    port,
    settings: {
      primary_conninfo: `host=127.0.0.1 port=${primary.port} user=postgres password=${password}`,
      wal_retrieve_retry_interval: "100ms",
      ...settings,
    },
  });
  const backup = await takeBackup(primary);
  try {
    return await serve({
      major: primary.major,
      port,
      password,
      specification: {
        ...specification,
        copies: [...specification.copies, { from: backup, to: "{folder}/data" }],
      },
      signal,
    });
  } finally {
    await rm(backup, { recursive: true, force: true });
  }
}

/**
 * What pg_basebackup would make, which the binaries do not bring: https://www.postgresql.org/docs/current/continuous-archiving.html#BACKUP-LOWLEVEL-BASE-BACKUP
 *
 * Without write-ahead log: the replica streams it from where the backup began.
 */
async function takeBackup(primary: PostgresServer): Promise<string> {
  const parent = await serverParentFolder(await unprivilegedUser());
  const folder = await mkdtemp(path.join(parent, "upshift-postgres-"));
  const client = new Client({ connectionString: primary.url() });
  await client.connect();
  try {
    const [start, stop] =
      primary.major < 15
        ? ["pg_start_backup('replica', true, false)", "pg_stop_backup(false, false)"]
        : ["pg_backup_start('replica', true)", "pg_backup_stop(false)"];
    await client.query(`SELECT ${start}`);
    await copyData(primary.dataDirectory, folder);
    const { rows } = await client.query<{ labelfile: string }>(`SELECT labelfile FROM ${stop}`);
    await writeFile(path.join(folder, "backup_label"), rows[0]?.labelfile ?? "", { mode: 0o600 });
    await writeFile(path.join(folder, "standby.signal"), "", { mode: 0o600 });
    return folder;
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  } finally {
    await client.end();
  }
}

const COPY_ATTEMPTS = 5;

/** A file that the running server removes while the tree is copied is one that a backup does not need. */
async function copyData(from: string, to: string): Promise<void> {
  const logFolder = path.join(from, "pg_wal") + path.sep;
  for (let attempt = 1; ; attempt += 1) {
    try {
      await cp(from, to, {
        recursive: true,
        filter: (source) =>
          !source.startsWith(logFolder) &&
          !/^(?:postmaster\.(?:pid|opts)|pg_internal\.init|pgsql_tmp.*)$/.test(
            path.basename(source),
          ),
      });
      return;
    } catch (error) {
      const isGone = error instanceof Error && "code" in error && error.code === "ENOENT";
      if (!isGone || attempt === COPY_ATTEMPTS) throw error;
    }
  }
}

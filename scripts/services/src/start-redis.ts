import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { InvalidArgumentError } from "@upshift/foundation";
import { bringRedis } from "./bring-redis.ts";
import { freePort } from "./free-port.ts";
import { redisCommand } from "./redis-command.ts";
import { ServiceFailedError } from "./services-errors.ts";
import { SupervisedProcess } from "./supervised-process.ts";

export interface StartRedisOptions {
  /** Lines of redis.conf, over the defaults: nothing is persisted, protected mode is off, 127.0.0.1 only. `appendonly: "yes"` survives `restart`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Default: a free one. */
  readonly port?: number;
  readonly signal?: AbortSignal;
}

/** A real Redis on 127.0.0.1 whose process and folder are gone when `stop` returns or this process ends, however it ends. */
export interface RedisServer {
  readonly port: number;
  /** `redis://127.0.0.1:port` */
  readonly url: string;
  readonly logFile: string;
  /** One command on a connection of its own; the raw reply as text, for assertions by the back door. */
  command(...args: readonly [string, ...string[]]): Promise<string>;
  /** SIGSTOP: it hangs, its sockets stay open. */
  pause(): void;
  /** SIGCONT */
  resume(): void;
  /** SIGKILL. Its files stay for `restart`. */
  kill(): Promise<void>;
  /** Starts it again on the same port and the same files, after `kill`. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

const READY_POLL_MS = 10;
const READY_TIMEOUT_MS = 15_000;

/**
 * @throws {ServiceUnavailableError} when no program is there and none can be brought
 * @throws {ServiceFailedError} when it does not start
 */
export async function startRedis(options: StartRedisOptions = {}): Promise<RedisServer> {
  const program = await bringRedis({ signal: options.signal });
  const port = options.port ?? (await freePort());
  const settings = renderSettings({
    bind: "127.0.0.1",
    port: String(port),
    "protected-mode": "no",
    save: '""',
    appendonly: "no",
    daemonize: "no",
    ...options.settings,
    dir: "{folder}",
  });
  const supervised = await SupervisedProcess.start(
    "Redis",
    {
      parentFolder: tmpdir(),
      folderPrefix: "upshift-redis-",
      environment: { TZ: "UTC" },
      copies: [],
      files: [{ file: "{folder}/redis.conf", text: settings }],
      setup: [],
      server: { file: program, args: ["{folder}/redis.conf"] },
      // The folder is removed next, so there is nothing to write back.
      stopSignal: "SIGKILL",
    },
    options.signal,
  );
  try {
    await answering(port, supervised, options.signal);
  } catch (error) {
    await supervised.stop();
    throw error;
  }
  const send = (signal: NodeJS.Signals): void => void process.kill(supervised.serverPid, signal);
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    logFile: supervised.logFile,
    command: (...args) => redisCommand(port, args),
    pause: () => send("SIGSTOP"),
    resume: () => send("SIGCONT"),
    async kill() {
      send("SIGKILL");
      while (!supervised.hasExited) await delay(READY_POLL_MS);
    },
    async restart() {
      await supervised.restart();
      await answering(port, supervised, options.signal);
    },
    stop: () => supervised.stop(),
  };
}

function renderSettings(settings: Readonly<Record<string, string>>): string {
  const lines = Object.entries(settings).map(([name, value]) => {
    if (/[\r\n]/.test(value)) throw new InvalidArgumentError(`\`${name}\` in one line`, value);
    return `${name} ${value}`;
  });
  return `${lines.join("\n")}\n`;
}

async function answering(
  port: number,
  supervised: SupervisedProcess,
  signal: AbortSignal | undefined,
): Promise<void> {
  const giveUpAtMs = Date.now() + READY_TIMEOUT_MS;
  for (;;) {
    signal?.throwIfAborted();
    const reply = await redisCommand(port, ["PING"]).catch(() => "");
    if (reply === "+PONG") return;
    if (supervised.hasExited || Date.now() > giveUpAtMs) {
      const log = await readFile(supervised.logFile, "utf8").catch(() => "");
      throw new ServiceFailedError("Redis", "it does not answer", log);
    }
    await delay(READY_POLL_MS);
  }
}

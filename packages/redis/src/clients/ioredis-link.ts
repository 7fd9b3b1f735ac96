import type { Socket } from "node:net";
import type { Endpoint } from "../connect/endpoint.ts";
import { failureReason } from "../connect/failure-reason.ts";
import type { Command, Driver, Failure, LinkEvents, OpeningLink } from "../connect/link.ts";
import type { Reply } from "../redis.ts";

/** What we call of ioredis 5 and 6. */
export interface IoredisModule {
  readonly Redis: new (options: Readonly<Record<string, unknown>>) => IoredisClient;
  readonly Command: new (
    name: string,
    args: readonly unknown[],
    options: IoredisCommandOptions,
  ) => IoredisCommand;
}

interface IoredisCommandOptions {
  readonly replyEncoding: "utf8" | null;
}

interface IoredisCommand {
  readonly promise: Promise<Reply>;
  pipelineIndex?: number;
}

export interface IoredisClient {
  readonly stream: Socket | undefined;
  connect(): Promise<void>;
  disconnect(): void;
  sendCommand(command: IoredisCommand): unknown;
  subscribe(...channels: readonly string[]): Promise<unknown>;
  on(event: "message", listener: (channel: string, message: string) => void): unknown;
  on(event: "error", listener: (error: unknown) => void): unknown;
  on(event: "end", listener: () => void): unknown;
}

export const TEXT: IoredisCommandOptions = { replyEncoding: "utf8" };
export const BUFFERS: IoredisCommandOptions = { replyEncoding: null };
/** Older ioredis has keep-alive off. */
const KEEP_ALIVE_MS = 15_000;

export function ioredisDriver(library: IoredisModule): Driver {
  return {
    open(endpoint, events) {
      const client = new library.Redis(clientOptions(endpoint));
      const link = openIoredisLink(library.Command, client, events);
      return endpoint.database === 0 ? link : inDatabase(link, endpoint.database);
    },
    failure: ioredisFailure,
  };
}

/** ioredis' own way to a database goes on in database 0 when it is refused. */
function inDatabase(link: OpeningLink, database: number): OpeningLink {
  const opened = link.opened.then(() => link.send(["SELECT", database], false));
  return { ...link, opened };
}

/** One connection: everything that ioredis would do after its end, or behind our back, is off. */
function clientOptions(endpoint: Endpoint): Readonly<Record<string, unknown>> {
  const { host, port, path, tls, username, password, name } = endpoint;
  return {
    ...(path === undefined ? { host, port } : { path }),
    ...(tls === undefined ? {} : { tls: { ...tls } }),
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(name === undefined ? {} : { connectionName: name }),
    ...SINGLE_USE,
    connectTimeout: endpoint.connectTimeoutMs,
  };
}

/** One connection, without any repetition, and replies of RESP2. */
export const SINGLE_USE: Readonly<Record<string, unknown>> = {
  lazyConnect: true,
  protocol: 2,
  retryStrategy: null,
  enableOfflineQueue: false,
  enableReadyCheck: false,
  autoResubscribe: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: null,
  keepAlive: KEEP_ALIVE_MS,
  noDelay: true,
};

/** Has the commands of one tick share a write: ioredis alone makes a system call for each. */
export class CorkedWrites {
  #held: Socket | undefined;

  /** To be called before each command. */
  hold(socket: Socket | undefined): void {
    if (socket === undefined || this.#held === socket) return;
    this.#held = socket;
    socket.cork();
    // After the commands of this tick, and of the promises that it settles, were written.
    process.nextTick(() => {
      if (this.#held === socket) this.#held = undefined;
      socket.uncork();
    });
  }
}

export function openIoredisLink(
  Command: IoredisModule["Command"],
  client: IoredisClient,
  events: LinkEvents,
): OpeningLink {
  const corked = new CorkedWrites();
  client.on("error", events.onError);
  client.on("end", events.onClose);
  client.on("message", (channel, message) => events.onMessage(message, channel));
  return {
    replyCount: 0,
    opened: client.connect(),
    send(command: Command, asBuffers: boolean): Promise<Reply> {
      // Upper case, since ioredis reshapes the replies of names that it knows, and those are lower case.
      const name = command[0].toUpperCase();
      const sent = new Command(name, command.slice(1), asBuffers ? BUFFERS : TEXT);
      corked.hold(client.stream);
      client.sendCommand(sent);
      return sent.promise;
    },
    async subscribe(channels) {
      await client.subscribe(...channels);
    },
    destroy() {
      // Its own `disconnect` would wait two seconds for the other side, on a timer that it forgets.
      if (client.stream === undefined) client.disconnect();
      else client.stream.destroy();
    },
  };
}

export function ioredisFailure(error: unknown): Failure {
  if (error instanceof Error) {
    if (error.name === "ReplyError") return { kind: "reply", text: error.message };
    if (error.message.startsWith("Stream isn't writeable"))
      return { kind: "unsent", reason: "the connection is closing" };
  }
  return { kind: "lost", reason: failureReason(error) };
}

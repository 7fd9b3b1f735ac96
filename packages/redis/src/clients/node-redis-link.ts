import type { Endpoint } from "../connect/endpoint.ts";
import { failureReason } from "../connect/failure-reason.ts";
import type { Command, Driver, Failure, LinkEvents, OpeningLink } from "../connect/link.ts";
import type { Reply } from "../redis.ts";

/** What we call of node-redis 5 and 6. */
export interface NodeRedisModule {
  createClient(options: Readonly<Record<string, unknown>>): NodeRedisClient;
}

export interface NodeRedisClient {
  readonly isOpen: boolean;
  readonly isReady: boolean;
  connect(): Promise<unknown>;
  destroy(): void;
  sendCommand(
    args: readonly (string | Buffer)[],
    options?: NodeRedisCommandOptions,
  ): Promise<Reply>;
  /** The same client with other options for its commands. */
  withCommandOptions(options: NodeRedisCommandOptions): Pick<NodeRedisClient, "sendCommand">;
  subscribe(
    channels: readonly string[],
    listener: (message: string, channel: string) => void,
  ): Promise<unknown>;
  on(event: "error", listener: (error: unknown) => void): unknown;
}

export interface NodeRedisCommandOptions {
  readonly typeMapping?: Readonly<Record<number, unknown>>;
  readonly timeout?: number | undefined;
}

/** By the first byte of a reply in RESP, as node-redis names the types: `$` bulk and `+` simple strings. */
const AS_BUFFERS: NodeRedisCommandOptions = {
  typeMapping: { 36: Buffer, 43: Buffer },
  timeout: 0,
};

export function nodeRedisDriver(library: NodeRedisModule): Driver {
  return {
    open: (endpoint, events) =>
      openNodeRedisLink((signal) => library.createClient(clientOptions(endpoint, signal)), events),
    failure: nodeRedisFailure,
  };
}

/** @param create - makes the client, not connected; the signal destroys a socket that is still connecting */
export function openNodeRedisLink(
  create: (signal: AbortSignal) => NodeRedisClient,
  events: LinkEvents,
): OpeningLink {
  const ending = new AbortController();
  const client = create(ending.signal);
  const sendForBuffers = senderWith(client, AS_BUFFERS);
  let isOver = false;
  const end = (): void => {
    if (isOver) return;
    isOver = true;
    events.onClose();
  };
  client.on("error", (error) => {
    events.onError(error);
    if (!client.isReady) end();
  });
  return {
    replyCount: 0,
    opened: client.connect(),
    send: (command: Command, asBuffers: boolean): Promise<Reply> =>
      asBuffers ? sendForBuffers(asTexts(command)) : client.sendCommand(asTexts(command)),
    async subscribe(channels) {
      await client.subscribe(channels, events.onMessage);
    },
    destroy() {
      isOver = true;
      if (client.isOpen) client.destroy();
      // It does not know of a socket that is still connecting.
      ending.abort();
    },
  };
}

function clientOptions(endpoint: Endpoint, signal: AbortSignal): Readonly<Record<string, unknown>> {
  const { host, port, path, tls, username, password, database, name } = endpoint;
  const socket = {
    ...(path === undefined ? { host, port } : { path }),
    ...(tls === undefined ? {} : { ...tls, tls: true }),
    connectTimeout: endpoint.connectTimeoutMs,
  };
  return {
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(name === undefined ? {} : { name }),
    database,
    ...singleUse(socket, signal),
  };
}

/** Options of one connection, without any repetition, and replies of RESP2. */
export function singleUse(
  socket: Readonly<Record<string, unknown>>,
  signal: AbortSignal,
): Readonly<Record<string, unknown>> {
  return {
    RESP: 2,
    disableOfflineQueue: true,
    maintNotifications: "disabled",
    // Its own timeout costs an AbortSignal per command: more than the command.
    commandOptions: { timeout: 0 },
    socket: { ...socket, reconnectStrategy: false, signal },
  };
}

export function isNodeRedisClient(value: unknown): value is NodeRedisClient {
  return (
    typeof value === "object" &&
    value !== null &&
    "sendCommand" in value &&
    "isOpen" in value &&
    "destroy" in value
  );
}

/**
 * Sends with options of its own. In node-redis 6 a view of the client carries them for free, where options with each call cost as much as the call; in 5 a view
 * keeps them, and sends without.
 */
export function senderWith(
  client: NodeRedisClient,
  options: NodeRedisCommandOptions,
): (args: readonly (string | Buffer)[]) => Promise<Reply> {
  const view = client.withCommandOptions(options);
  // 6 has merged them with the client's own; 5 has put them in their place.
  // oxlint-disable-next-line no-underscore-dangle -- its name there
  const isCarried = "_commandOptions" in view && view._commandOptions !== options;
  return isCarried ? (args) => view.sendCommand(args) : (args) => client.sendCommand(args, options);
}

/** A copy, since it is written later than it is given. */
export function asTexts(command: Command): (string | Buffer)[] {
  const texts: (string | Buffer)[] = [];
  for (const argument of command)
    texts.push(typeof argument === "number" ? String(argument) : argument);
  return texts;
}

export function nodeRedisFailure(error: unknown): Failure {
  if (error instanceof Error) {
    if (isErrorReply(error)) return { kind: "reply", text: error.message };
    // `ClientClosedError` and `ClientOfflineError`
    if (error.message === "The client is closed" || error.message === "The client is offline")
      return { kind: "unsent", reason: "the connection is closing" };
  }
  return { kind: "lost", reason: failureReason(error) };
}

/** By the name of the class or the form of the text, since the client may come from another copy of the library. */
function isErrorReply(error: Error): boolean {
  if ("code" in error || "syscall" in error) return false;
  const parent: unknown = Object.getPrototypeOf(error.constructor);
  const isNamed = typeof parent === "function" && parent.name === "ErrorReply";
  return isNamed || /^-?[A-Z][A-Z0-9]+(?: |$)/.test(error.message);
}

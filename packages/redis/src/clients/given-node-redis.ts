import { InvalidArgumentError } from "@upshift/foundation";
import { addressLabel, type NodeAddress } from "../cluster/cluster-map.ts";
import type { Command, Link, LinkEvents, OpeningLink } from "../connect/link.ts";
import type { Reply } from "../redis.ts";
import type { GivenClient, GivenCluster, GivenListener } from "./given-client.ts";
import {
  asTexts,
  isNodeRedisClient,
  type NodeRedisClient,
  nodeRedisFailure,
  openNodeRedisLink,
  senderWith,
  singleUse,
} from "./node-redis-link.ts";
import { resp2Shape } from "./resp2-shape.ts";

/** What we use of a client of node-redis. */
export interface GivenNodeRedis {
  readonly isOpen: boolean;
  readonly isReady: boolean;
  readonly options?:
    | {
        readonly RESP?: number | undefined;
        readonly keyPrefix?: unknown;
        readonly commandOptions?: { readonly timeout?: number | undefined } | undefined;
        readonly socket?: object | undefined;
      }
    | undefined;
  sendCommand(args: readonly (string | Buffer)[], options?: never): Promise<unknown>;
  readonly duplicate: (overrides: never) => unknown;
  on(event: string, listener: GivenListener): unknown;
  off(event: string, listener: GivenListener): unknown;
}

interface GivenMaster {
  readonly host: string;
  readonly port: number;
}

/** What we use of a cluster of node-redis. */
export interface GivenNodeRedisCluster {
  readonly isOpen: boolean;
  readonly slots: readonly ({ readonly master: GivenMaster } | undefined)[];
  readonly masters: readonly GivenMaster[];
  readonly nodeClient: (node: never) => unknown;
  sendCommand(
    firstKey: string | Buffer | undefined,
    isReadonly: boolean | undefined,
    args: (string | Buffer)[],
  ): Promise<unknown>;
  on(event: string, listener: GivenListener): unknown;
  off(event: string, listener: GivenListener): unknown;
}

/** By the first byte of a reply in RESP: doubles and big numbers as text, maps and sets as arrays, as RESP2 has them. */
const RESP2_TEXT = { 44: String, 40: String, 37: Array, 126: Array } as const;
const RESP2_BUFFERS = { ...RESP2_TEXT, 36: Buffer, 43: Buffer, 44: Buffer } as const;

export function givenNodeRedis(client: GivenNodeRedis): GivenClient {
  return {
    failure: nodeRedisFailure,
    link: linkOver(client),
    isReady: () => client.isReady,
    watch(onUp, onDown) {
      client.on("ready", onUp);
      // It says `reconnecting` where it will come back, `end` where it was closed, and `error` in any case.
      for (const event of ["reconnecting", "end", "error"]) client.on(event, onDown);
      return () => {
        client.off("ready", onUp);
        for (const event of ["reconnecting", "end", "error"]) client.off(event, onDown);
      };
    },
    openAnother: (events) => openDuplicate(client, events),
  };
}

/** What the caller's client may have and a connection of ours must not. */
const NOT_TAKEN_OVER = {
  readonly: false,
  clientSideCache: undefined,
  emitInvalidate: false,
  pingInterval: undefined,
} as const;

const CLUSTER_EVENTS = ["node-ready", "node-disconnect", "connect", "disconnect"];

export function givenNodeRedisCluster(cluster: GivenNodeRedisCluster): GivenCluster {
  const links = new WeakMap<object, Link>();
  const linkTo = (node: GivenMaster | undefined): Link | undefined => {
    const client = node === undefined ? undefined : nodeClient(cluster, node);
    if (client === undefined || !client.isReady) return undefined;
    let link = links.get(client);
    if (link === undefined) {
      link = linkOver(client);
      links.set(client, link);
    }
    return link;
  };
  return {
    failure: nodeRedisFailure,
    isReady: () => cluster.isOpen && cluster.masters.every((node) => linkTo(node) !== undefined),
    linkOfSlot: (slot) => linkTo(cluster.slots[slot]?.master),
    linkAt: (address) =>
      linkTo(cluster.masters.find((node) => addressLabel(node) === addressLabel(address))),
    links: () => cluster.masters.flatMap((node) => linkTo(node) ?? []),
    mapLabel: () => cluster.slots.map((shard) => (shard ? addressLabel(shard.master) : "")).join(),
    refresh(key) {
      const live = cluster.masters
        .map((node) => nodeClient(cluster, node))
        .find((each) => each?.isReady);
      if (rediscover(cluster, live)) return;
      // It looks its map up when a command of its own is redirected.
      const name = key ?? "";
      cluster.sendCommand(name, false, ["TYPE", name]).catch(() => {});
    },
    watch(onChange) {
      for (const event of CLUSTER_EVENTS) cluster.on(event, onChange);
      return () => {
        for (const event of CLUSTER_EVENTS) cluster.off(event, onChange);
      };
    },
    addresses: () => cluster.masters.map(({ host, port }) => ({ host, port })),
    openAnother(events, address) {
      const clients = cluster.masters.flatMap((node) => nodeClient(cluster, node) ?? []);
      const ready = clients.find(({ isReady }) => isReady) ?? clients[0];
      if (ready === undefined) throw new Error("the cluster has no nodes");
      return openDuplicate(ready, events, address);
    },
  };
}

/** Has it look up its map, by the way that it takes itself after a redirection. */
function rediscover(cluster: object, live: GivenNodeRedis | undefined): boolean {
  if (live === undefined || !("_slots" in cluster)) return false;
  // oxlint-disable-next-line no-underscore-dangle -- its name there
  const slots: unknown = cluster._slots;
  if (typeof slots !== "object" || slots === null || !("rediscover" in slots)) return false;
  if (typeof slots.rediscover !== "function") return false;
  const done: unknown = Reflect.apply(slots.rediscover, slots, [live]);
  if (done instanceof Promise) done.catch(() => {});
  return true;
}

/** @returns `undefined` while it connects, which it begins to */
function nodeClient(cluster: GivenNodeRedisCluster, node: GivenMaster): GivenNodeRedis | undefined {
  if ("client" in node && isGivenNodeRedis(node.client)) return node.client;
  const connecting: unknown = Reflect.apply(cluster.nodeClient, cluster, [node]);
  if (connecting instanceof Promise) connecting.catch(() => {});
  return undefined;
}

export function isGivenNodeRedis(value: unknown): value is GivenNodeRedis {
  return isNodeRedisClient(value) && "duplicate" in value && "isReady" in value;
}

function linkOver(given: GivenNodeRedis): Link {
  if (given.options?.keyPrefix !== undefined && given.options.keyPrefix !== "")
    throw new InvalidArgumentError("a client without `keyPrefix`", "one with it");
  if (!isNodeRedisClient(given))
    throw new InvalidArgumentError("a client made by node-redis 5.12 or newer", "another");
  const client: NodeRedisClient = given;
  // Its own default of 5 s costs an AbortSignal per command, and ours ends the wait anyway; one that was chosen stays.
  const chosenMs = given.options?.commandOptions?.timeout;
  const timeout = chosenMs === undefined ? { timeout: 0 } : {};
  const speaksResp2 = given.options?.RESP === 2;
  // The client's own mapping must not apply, or strings may come as anything.
  const chosen = { ...given.options?.commandOptions, ...timeout };
  const sendForTexts = senderWith(client, {
    ...chosen,
    typeMapping: speaksResp2 ? {} : RESP2_TEXT,
  });
  const sendForBuffers = senderWith(client, { ...chosen, typeMapping: RESP2_BUFFERS });
  return {
    replyCount: 0,
    ...(speaksResp2 ? {} : { shape: resp2Shape }),
    send: (command: Command, asBuffers: boolean): Promise<Reply> =>
      (asBuffers ? sendForBuffers : sendForTexts)(asTexts(command)),
    subscribe: () => Promise.reject(new Error("a given client is for commands")),
    destroy() {},
  };
}

function openDuplicate(
  given: GivenNodeRedis,
  events: LinkEvents,
  address?: NodeAddress,
): OpeningLink {
  return openNodeRedisLink((signal) => {
    const to = address === undefined ? {} : { host: address.host, port: address.port };
    const socket = { ...given.options?.socket, socketTimeout: undefined, ...to };
    const overrides = { ...singleUse(socket, signal), ...NOT_TAKEN_OVER };
    const duplicate: unknown = Reflect.apply(given.duplicate, given, [overrides]);
    if (!isNodeRedisClient(duplicate)) throw new Error("the client's duplicate is no client");
    return duplicate;
  }, events);
}

import { InvalidArgumentError } from "@upshift/foundation";
import { addressLabel, type NodeAddress } from "../cluster/cluster-map.ts";
import type { Command, Link, LinkEvents, OpeningLink } from "../connect/link.ts";
import type { Reply } from "../redis.ts";
import type { GivenClient, GivenCluster, GivenListener } from "./given-client.ts";
import {
  BUFFERS,
  CorkedWrites,
  type IoredisClient,
  ioredisFailure,
  type IoredisModule,
  openIoredisLink,
  SINGLE_USE,
  TEXT,
} from "./ioredis-link.ts";
import { resp2Shape } from "./resp2-shape.ts";

/** What we use of a `Redis` of ioredis. */
export interface GivenIoredis {
  readonly status: string;
  readonly options: {
    readonly host?: string | undefined;
    readonly port?: number | undefined;
    readonly keyPrefix?: string | undefined;
    readonly stringNumbers?: boolean | undefined;
  };
  readonly call: (command: never) => unknown;
  sendCommand(command: never): unknown;
  connect(): Promise<void>;
  duplicate(options: object): unknown;
  on(event: string, listener: GivenListener): unknown;
  off(event: string, listener: GivenListener): unknown;
}

/** What we use of a `Cluster` of ioredis. */
export interface GivenIoredisCluster {
  readonly status: string;
  readonly slots: readonly (readonly string[] | undefined)[];
  nodes(role: "master" | "all"): readonly GivenIoredis[];
  refreshSlotsCache(callback?: (error?: Error | null) => void): void;
  on(event: string, listener: GivenListener): unknown;
  off(event: string, listener: GivenListener): unknown;
}

export function givenIoredis(client: GivenIoredis): GivenClient {
  refuseReshaping(client);
  return {
    failure: ioredisFailure,
    link: linkOver(client),
    isReady() {
      // One made with `lazyConnect` connects when it is first used.
      if (client.status === "wait") client.connect().catch(() => {});
      return client.status === "ready";
    },
    watch(onUp, onDown) {
      client.on("ready", onUp);
      client.on("close", onDown);
      return () => {
        client.off("ready", onUp);
        client.off("close", onDown);
      };
    },
    openAnother: (events) => openDuplicate(client, events),
  };
}

/** What the caller's client may have and a connection of ours must not. */
const NOT_TAKEN_OVER = {
  readOnly: false,
  commandTimeout: undefined,
  blockingTimeout: undefined,
  socketTimeout: undefined,
} as const;

const DEFAULT_PORT = 6379;
const CLUSTER_EVENTS = ["ready", "refresh", "+node", "-node", "close", "end"];

export function givenIoredisCluster(cluster: GivenIoredisCluster): GivenCluster {
  const links = new WeakMap<GivenIoredis, Link>();
  const linkTo = (client: GivenIoredis | undefined): Link | undefined => {
    if (client === undefined) return undefined;
    if (client.status === "wait") client.connect().catch(() => {});
    if (client.status !== "ready") return undefined;
    let link = links.get(client);
    if (link === undefined) {
      refuseReshaping(client);
      link = linkOver(client);
      links.set(client, link);
    }
    return link;
  };
  const nodeAt = (label: string | undefined): GivenIoredis | undefined =>
    cluster.nodes("all").find(({ options }) => `${options.host}:${options.port}` === label);
  return {
    failure: ioredisFailure,
    isReady: () => cluster.status === "ready",
    linkOfSlot: (slot) => linkTo(nodeAt(cluster.slots[slot]?.[0])),
    linkAt: (address) => linkTo(nodeAt(addressLabel(address))),
    links: () => cluster.nodes("master").flatMap((node) => linkTo(node) ?? []),
    mapLabel: () => cluster.slots.map((nodes) => nodes?.[0] ?? "").join(),
    // Without a callback it would throw what goes wrong.
    refresh: () => cluster.refreshSlotsCache(() => {}),
    watch(onChange) {
      for (const event of CLUSTER_EVENTS) cluster.on(event, onChange);
      return () => {
        for (const event of CLUSTER_EVENTS) cluster.off(event, onChange);
      };
    },
    addresses: () =>
      cluster
        .nodes("all")
        .map(({ options: { host = "127.0.0.1", port = DEFAULT_PORT } }) => ({ host, port })),
    openAnother(events, address) {
      const nodes = cluster.nodes("master");
      const ready = nodes.find(({ status }) => status === "ready") ?? nodes[0];
      if (ready === undefined) throw new Error("the cluster has no nodes");
      return openDuplicate(ready, events, address);
    },
  };
}

/** @throws {InvalidArgumentError} for options that change keys or replies behind our back */
function refuseReshaping({ options }: GivenIoredis): void {
  if (options.keyPrefix !== undefined && options.keyPrefix !== "")
    throw new InvalidArgumentError("a client without `keyPrefix`", options.keyPrefix);
  if (options.stringNumbers === true)
    throw new InvalidArgumentError("a client without `stringNumbers`", true);
  if ("replyMapping" in options && options.replyMapping === "resp3")
    throw new InvalidArgumentError('a client without `replyMapping: "resp3"`', "resp3");
}

function linkOver(given: GivenIoredis): Link {
  const client = asClient(given);
  const Command = commandClassOf(given);
  const corked = new CorkedWrites();
  return {
    replyCount: 0,
    shape: resp2Shape,
    send(command: Command, asBuffers: boolean): Promise<Reply> {
      const name = command[0].toUpperCase();
      const sent = new Command(name, command.slice(1), asBuffers ? BUFFERS : TEXT);
      // As a piece of a pipeline that has begun, which ioredis gives up when the connection ends; any other command it would send again.
      sent.pipelineIndex = -1;
      corked.hold(client.stream);
      client.sendCommand(sent);
      return sent.promise;
    },
    subscribe: () => Promise.reject(new Error("a given client is for commands")),
    destroy() {},
  };
}

function openDuplicate(
  given: GivenIoredis,
  events: LinkEvents,
  address?: NodeAddress,
): OpeningLink {
  const to = address === undefined ? {} : { host: address.host, port: address.port };
  const duplicate = given.duplicate({ ...SINGLE_USE, ...NOT_TAKEN_OVER, ...to });
  if (!isIoredisClient(duplicate)) throw new Error("the client's duplicate is no client");
  return openIoredisLink(commandClassOf(given), duplicate, events);
}

/**
 * The class of commands of the very copy of ioredis that the client comes from: another copy's may not fit, and a client does not lead to it. So a command is made and
 * caught before it is sent.
 */
function commandClassOf(given: GivenIoredis): IoredisModule["Command"] {
  let made: unknown;
  const catcher: unknown = Object.create(given, {
    options: { value: {} },
    sendCommand: {
      value: (command: unknown) => {
        made = command;
      },
    },
  });
  Reflect.apply(given.call, catcher, ["PING"]);
  const found: unknown = typeof made === "object" && made !== null ? made.constructor : undefined;
  if (!isCommandClass(found))
    throw new InvalidArgumentError("a client made by ioredis 5.11 or newer", "another");
  return found;
}

function isCommandClass(value: unknown): value is IoredisModule["Command"] {
  return typeof value === "function" && value !== Object;
}

function asClient(given: object): IoredisClient {
  if (!isIoredisClient(given))
    throw new InvalidArgumentError("a client made by ioredis 5.11 or newer", "another");
  return given;
}

function isIoredisClient(value: unknown): value is IoredisClient {
  return (
    typeof value === "object" &&
    value !== null &&
    "sendCommand" in value &&
    "disconnect" in value &&
    "subscribe" in value
  );
}

import type { Key } from "../redis.ts";
import type { Call, Pin } from "./call.ts";
import type { Driver, Link, LinkEvents, OpeningLink } from "./link.ts";

/** Knows the nodes: which link a key's commands go through now. */
export interface Route {
  readonly kind: "single" | "cluster";
  readonly driver: Driver;
  /** Not every change is told by `onChange`. */
  readonly mustPoll: boolean;
  /** There is a link for every key. */
  readonly isReady: boolean;
  /** How often a connection that was lost has come back. */
  readonly reconnectCount: number;
  start(listener: RouteListener): void;
  /** @returns `undefined` while there is no connection for the key */
  link(key: Key | null): Link | undefined;
  /** Why there is none; safe to show. */
  whyDown(key: Key | null): string;
  masters(): readonly Pin[];
  /** Opens a connection beside those for commands, to any node. */
  openAnother(events: LinkEvents): OpeningLink;
  /**
   * What an error reply that the node gave instead of running the command asks for; may change the call's pin.
   *
   * @returns `now`: send it again; `later`: once something has changed; `undefined`: it is the answer
   */
  redirect(text: string, call: Call): "now" | "later" | undefined;
  /** A call got no answer in time, nor has the link given any since. */
  suspect(link: Link): void;
  close(): void;
}

/** Makes routes: for ordinary commands, and on connections of their own for those that block. */
export interface Routes {
  readonly ordinary: () => Route;
  readonly blocking: () => Route;
}

export interface RouteListener {
  /** Calls that wait may go now. */
  onChange(): void;
  onDown(): void;
  onReady(): void;
  onFailover(): void;
}

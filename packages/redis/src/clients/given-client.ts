import type { Driver, Link, LinkEvents, OpeningLink } from "../connect/link.ts";
import type { Key } from "../redis.ts";
import type { NodeAddress } from "../cluster/cluster-map.ts";

// Both libraries type the listeners of all their events at once.
// oxlint-disable-next-line typescript/no-explicit-any
export type GivenListener = (...values: any[]) => void;

/** A client of one server that the caller made and keeps. */
export interface GivenClient {
  readonly failure: Driver["failure"];
  readonly link: Link;
  /** A command would go out at once. */
  isReady(): boolean;
  /** @returns stops it */
  watch(onUp: () => void, onDown: () => void): () => void;
  /** A connection of our own to the same server, made as theirs was. */
  openAnother(events: LinkEvents): OpeningLink;
}

/** A cluster client that the caller made and keeps. */
export interface GivenCluster {
  readonly failure: Driver["failure"];
  isReady(): boolean;
  /** Of the slot's master; `undefined` while that is not connected. */
  linkOfSlot(slot: number): Link | undefined;
  linkAt(address: NodeAddress): Link | undefined;
  /** Of every master that is connected. */
  links(): readonly Link[];
  /** Which master serves which slot, as text; equal texts are equal maps. */
  mapLabel(): string;
  /** Has the client look up its map again. */
  refresh(key: Key | null): void;
  watch(onChange: () => void): () => void;
  /** Of every node that it knows. */
  addresses(): readonly NodeAddress[];
  /**
   * A connection of our own, made as theirs were.
   *
   * @param address - of the node; default: any
   */
  openAnother(events: LinkEvents, address?: NodeAddress): OpeningLink;
}

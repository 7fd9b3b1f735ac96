import { backoffMs } from "../connect/backoff.ts";
import type { Call, Pin } from "../connect/call.ts";
import type { ConnectSettings } from "../connect/connect-settings.ts";
import type { Driver, Link, LinkEvents, OpeningLink } from "../connect/link.ts";
import type { Route, RouteListener } from "../connect/route.ts";
import type { Key } from "../redis.ts";
import { addressLabel, type ClusterMap, type NodeAddress, parseRedirect } from "./cluster-map.ts";
import { type ClusterNode, createClusterNode } from "./cluster-node.ts";
import { surveyCluster } from "./cluster-survey.ts";
import { keySlot, SLOT_COUNT } from "./key-slot.ts";

/** While all is well: finds slots that moved although nothing was sent to them. */
const CALM_REFRESH_MS = 15_000;
/** While a node is missing: a failover shows in the map at some moment, and calls wait for it. */
const ANXIOUS_REFRESH = { minDelayMs: 100, maxDelayMs: 1_000 };
const LEAST_REFRESH_MS = 50;

/** A cluster: a connection to each master, and the map of slots, kept up to date by what the nodes say. */
export class ClusterRoute implements Route {
  readonly kind = "cluster";
  readonly mustPoll = false;
  readonly driver: Driver;
  readonly #settings: ConnectSettings;
  readonly #seeds: () => readonly NodeAddress[];
  readonly #isLazy: boolean;
  readonly #nodes = new Map<string, ClusterNode>();
  /** Former masters, until what is on its way from them has arrived. */
  readonly #retired = new Map<ClusterNode, () => void>();
  readonly #owners: (ClusterNode | undefined)[] = Array.from({ length: SLOT_COUNT });
  readonly #ending = new AbortController();
  #masters: readonly ClusterNode[] = [];
  #listener: RouteListener | undefined;
  #isReady = false;
  #hasMap = false;
  #hasMoved = false;
  #suspect: ClusterNode | undefined;
  #turn = 0;
  #anxiousCount = 0;
  #lastFailure = "it has not connected yet";
  #isRefreshing = false;
  #refreshAtMs = Number.POSITIVE_INFINITY;
  #cancelRefresh: (() => void) | undefined;
  #retiredReconnects = 0;

  /**
   * @param seeds - nodes to begin with, and to turn to when none of the known ones answers
   * @param isLazy - connects to a master only when a command is for it
   */
  constructor(
    driver: Driver,
    settings: ConnectSettings,
    seeds: () => readonly NodeAddress[],
    isLazy = false,
  ) {
    this.driver = driver;
    this.#settings = settings;
    this.#seeds = seeds;
    this.#isLazy = isLazy;
  }

  get isReady(): boolean {
    return this.#isReady;
  }

  get reconnectCount(): number {
    let count = this.#retiredReconnects;
    for (const { keeper } of this.#nodes.values()) count += Math.max(0, keeper.upCount - 1);
    return count;
  }

  start(listener: RouteListener): void {
    this.#listener = listener;
    void this.#refresh();
  }

  link(key: Key | null): Link | undefined {
    if (key !== null) return this.#linkTo(this.#owners[keySlot(key)]);
    for (let step = 0; step < this.#masters.length; step += 1) {
      this.#turn = (this.#turn + 1) % this.#masters.length;
      const link = this.#linkTo(this.#masters[this.#turn]);
      if (link !== undefined) return link;
    }
    return undefined;
  }

  whyDown(key: Key | null): string {
    const owner =
      key === null
        ? this.#masters.find(({ keeper }) => keeper.link === undefined)
        : this.#owners[keySlot(key)];
    if (owner !== undefined) return `${addressLabel(owner.address)}: ${owner.keeper.lastFailure}`;
    return this.#hasMap ? "no node serves the key's slot" : this.#lastFailure;
  }

  masters(): readonly Pin[] {
    return this.#masters.map(({ keeper }) => keeper);
  }

  openAnother(events: LinkEvents): OpeningLink {
    const known = this.#masters.filter(({ keeper }) => keeper.link !== undefined);
    const addresses = known.length > 0 ? known.map(({ address }) => address) : this.#seeds();
    const chosen = addresses[Math.floor(this.#settings.random() * addresses.length)];
    return this.driver.open({ ...this.#settings.endpoint, ...chosen }, events);
  }

  redirect(text: string, call: Call): "now" | "later" | undefined {
    const [kind = ""] = text.split(" ", 1);
    switch (kind) {
      case "MOVED":
      case "ASK": {
        // Who asked one node meant that node.
        if (call.pin !== undefined && !call.isAsking) return undefined;
        const redirect = parseRedirect(text, this.#hostOf(call.link));
        if (redirect === undefined) return undefined;
        const node = this.#node(redirect.address);
        if (kind === "ASK") {
          call.pin = node.keeper;
          call.isAsking = true;
        } else this.#move(redirect.slot, node);
        return node.keeper.link === undefined ? "later" : "now";
      }
      case "CLUSTERDOWN":
        this.#refreshWithin(LEAST_REFRESH_MS);
        return "later";
      case "TRYAGAIN":
      case "LOADING":
      case "MASTERDOWN":
        return "later";
      case "READONLY":
        this.#refreshWithin(LEAST_REFRESH_MS);
        return undefined;
      default:
        return undefined;
    }
  }

  suspect(link: Link): void {
    const { replyCount } = link;
    const node = this.#masters.find(({ keeper }) => keeper.link === link);
    if (node === undefined) return;
    this.#suspect = node;
    node.keeper.challenge(() => link.replyCount === replyCount);
    this.#refreshWithin(LEAST_REFRESH_MS);
  }

  close(): void {
    this.#listener = undefined;
    this.#ending.abort();
    this.#cancelRefresh?.();
    this.#cancelRefresh = undefined;
    for (const { keeper } of this.#nodes.values()) keeper.close();
    for (const [{ keeper }, cancel] of this.#retired) {
      cancel();
      keeper.close();
    }
    this.#retired.clear();
    this.#isReady = false;
  }

  /** A node that does not know its own address leaves the host out: then it is the one that was asked. */
  #hostOf(link: Link | undefined): string {
    for (const { address, keeper } of this.#nodes.values())
      if (keeper.link === link) return address.host;
    return this.#settings.endpoint.host;
  }

  #linkTo(node: ClusterNode | undefined): Link | undefined {
    if (this.#isLazy) node?.keeper.start();
    return node?.keeper.link;
  }

  #node(address: NodeAddress): ClusterNode {
    const label = addressLabel(address);
    let node = this.#nodes.get(label);
    if (node === undefined) {
      node = createClusterNode(address, this.driver, this.#settings, () => this.#review());
      this.#nodes.set(label, node);
      if (!this.#isLazy) node.keeper.start();
    }
    return node;
  }

  #move(slot: number, node: ClusterNode): void {
    if (this.#owners[slot] !== node) this.#hasMoved = true;
    this.#owners[slot] = node;
    this.#refreshWithin(LEAST_REFRESH_MS);
  }

  /** A connection came or went. */
  #review(): void {
    if (this.#ending.signal.aborted) return;
    const wasReady = this.#isReady;
    this.#isReady =
      this.#hasMap &&
      (this.#isLazy || this.#masters.every(({ keeper }) => keeper.link !== undefined)) &&
      !this.#owners.includes(undefined);
    if (!this.#isReady) this.#refreshWithin(ANXIOUS_REFRESH.minDelayMs);
    if (wasReady && !this.#isReady) this.#listener?.onDown();
    if (!wasReady && this.#isReady) this.#listener?.onReady();
    this.#listener?.onChange();
  }

  #refreshWithin(delayMs: number): void {
    if (this.#ending.signal.aborted || this.#isRefreshing) return;
    const { clock } = this.#settings;
    const atMs = clock.now() + delayMs;
    if (this.#cancelRefresh !== undefined && this.#refreshAtMs <= atMs) return;
    this.#cancelRefresh?.();
    this.#refreshAtMs = atMs;
    // The connections keep the process alive, not this.
    this.#cancelRefresh = clock.after(delayMs, () => void this.#refresh(), { isBackground: true });
  }

  async #refresh(): Promise<void> {
    this.#cancelRefresh = undefined;
    this.#isRefreshing = true;
    const candidates = this.#candidates();
    this.#suspect = undefined;
    const { driver } = this;
    const surveyor = { candidates: () => candidates, driver, settings: this.#settings };
    const found = await surveyCluster(surveyor, this.#ending.signal);
    this.#isRefreshing = false;
    if (this.#ending.signal.aborted) return;
    if (typeof found === "string") this.#lastFailure = found;
    else this.#adopt(found);
    this.#anxiousCount = this.#isReady ? 0 : this.#anxiousCount + 1;
    this.#refreshWithin(
      this.#isReady
        ? CALM_REFRESH_MS
        : LEAST_REFRESH_MS +
            backoffMs(ANXIOUS_REFRESH, this.#anxiousCount, this.#settings.random()),
    );
  }

  /** Masters with a connection, in an order of chance, the one that does not answer last; without any, the nodes that we were told. */
  #candidates(): readonly { readonly address: NodeAddress; readonly link?: Link | undefined }[] {
    const { random } = this.#settings;
    const ready = this.#masters
      .filter(({ keeper }) => keeper.link !== undefined)
      .map((node) => ({ node, rank: node === this.#suspect ? 2 : random() }))
      .toSorted((left, right) => left.rank - right.rank)
      .map(({ node }) => ({ address: node.address, link: node.keeper.link }));
    const seeds = this.#seeds()
      .map((address) => ({ address, rank: random() }))
      .toSorted((left, right) => left.rank - right.rank);
    return [...ready, ...seeds];
  }

  #adopt(map: ClusterMap): void {
    let hasMoved = this.#hasMoved;
    this.#hasMoved = false;
    for (const [slot, address] of map.entries()) {
      const before = this.#owners[slot];
      const node = address === undefined ? undefined : this.#node(address);
      if (before !== undefined && node !== undefined && before !== node) hasMoved = true;
      this.#owners[slot] = node;
    }
    const masters = new Set(this.#owners.filter((node) => node !== undefined));
    this.#masters = [...masters];
    for (const node of this.#nodes.values()) if (!masters.has(node)) this.#retire(node);
    const hadMap = this.#hasMap;
    this.#hasMap = true;
    if (hadMap && hasMoved) this.#listener?.onFailover();
    this.#review();
  }

  #retire(node: ClusterNode): void {
    this.#nodes.delete(addressLabel(node.address));
    const { clock, timeoutMs } = this.#settings;
    const cancel = clock.after(
      Number.isFinite(timeoutMs) ? timeoutMs : 0,
      () => {
        node.keeper.close();
        this.#retired.delete(node);
        this.#retiredReconnects += Math.max(0, node.keeper.upCount - 1);
      },
      { isBackground: true },
    );
    this.#retired.set(node, cancel);
  }
}

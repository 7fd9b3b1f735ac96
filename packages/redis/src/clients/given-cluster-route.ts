import type { Clock } from "@upshift/foundation";
import { addressLabel, parseRedirect } from "../cluster/cluster-map.ts";
import { keySlot } from "../cluster/key-slot.ts";
import type { Call, Pin } from "../connect/call.ts";
import type { Driver, Link, LinkEvents, OpeningLink } from "../connect/link.ts";
import type { Route, RouteListener } from "../connect/route.ts";
import type { Key } from "../redis.ts";
import type { GivenCluster } from "./given-client.ts";

const LEAST_REFRESH_MS = 100;

/**
 * A cluster client of the caller's: its map and its connections are used, its way of sending is not, since that sends again what a lost connection may have run, and
 * splits or spreads some commands.
 */
export class GivenClusterRoute implements Route {
  readonly kind = "cluster";
  readonly driver: Driver;
  /** Not everything that changes has an event in both libraries. */
  readonly mustPoll = true;
  readonly #given: GivenCluster;
  readonly #clock: Clock;
  #refreshedAtMs = Number.NEGATIVE_INFINITY;
  #wasReady = false;
  #mapLabel = "";
  #turn = 0;
  #isClosed = false;
  #stopWatching: (() => void) | undefined;

  constructor(given: GivenCluster, clock: Clock) {
    this.#given = given;
    this.#clock = clock;
    this.driver = { open: (_, events) => given.openAnother(events), failure: given.failure };
  }

  get isReady(): boolean {
    return this.#given.isReady();
  }

  readonly reconnectCount = 0;

  start(listener: RouteListener): void {
    const review = (): void => {
      const isReady = this.#given.isReady();
      if (this.#wasReady && !isReady) listener.onDown();
      if (!this.#wasReady && isReady) listener.onReady();
      this.#wasReady = isReady;
      const label = isReady ? this.#given.mapLabel() : this.#mapLabel;
      if (this.#mapLabel !== "" && label !== this.#mapLabel) listener.onFailover();
      this.#mapLabel = label;
      listener.onChange();
    };
    this.#wasReady = this.#given.isReady();
    if (this.#wasReady) this.#mapLabel = this.#given.mapLabel();
    this.#stopWatching = this.#given.watch(review);
  }

  link(key: Key | null): Link | undefined {
    if (this.#isClosed) return undefined;
    if (key !== null) {
      const link = this.#given.linkOfSlot(keySlot(key));
      if (link === undefined) this.#refresh(key);
      return link;
    }
    const links = this.#given.links();
    if (links.length === 0) this.#refresh(key);
    this.#turn += 1;
    return links[this.#turn % links.length];
  }

  whyDown(): string {
    return this.#isClosed ? "it is closed" : "the cluster client that was given is not connected";
  }

  masters(): readonly Pin[] {
    return this.#given.links().map((link) => ({ link, lastFailure: this.whyDown() }));
  }

  openAnother(events: LinkEvents): OpeningLink {
    return this.#given.openAnother(events);
  }

  redirect(text: string, call: Call): "now" | "later" | undefined {
    const [kind = ""] = text.split(" ", 1);
    switch (kind) {
      case "ASK": {
        const redirect = parseRedirect(text, "");
        const link = redirect && this.#given.linkAt(redirect.address);
        if (redirect === undefined) return undefined;
        call.isAsking = true;
        call.pin = { link, lastFailure: `${addressLabel(redirect.address)} is not connected` };
        if (link === undefined) this.#refresh(call.key);
        return link === undefined ? "later" : "now";
      }
      case "MOVED":
        if (call.pin !== undefined && !call.isAsking) return undefined;
        this.#refresh(call.key);
        return "later";
      case "CLUSTERDOWN":
      case "TRYAGAIN":
      case "LOADING":
      case "MASTERDOWN":
        return "later";
      default:
        return undefined;
    }
  }

  suspect(): void {
    this.#refresh(null);
  }

  /** The libraries look their map up when a node redirects them; of a node that is gone they learn late, or not at all. */
  #refresh(key: Key | null): void {
    const nowMs = this.#clock.now();
    if (nowMs - this.#refreshedAtMs < LEAST_REFRESH_MS) return;
    this.#refreshedAtMs = nowMs;
    this.#given.refresh(key);
  }

  close(): void {
    this.#isClosed = true;
    this.#stopWatching?.();
    this.#stopWatching = undefined;
  }
}

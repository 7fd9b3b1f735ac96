import type { Call, Pin } from "../connect/call.ts";
import type { Driver, Link, LinkEvents, OpeningLink } from "../connect/link.ts";
import type { Route, RouteListener } from "../connect/route.ts";
import type { GivenClient } from "./given-client.ts";

/** A client of the caller's: it reconnects, or does not, as it was made to. */
export class GivenSingleRoute implements Route {
  readonly kind = "single";
  readonly driver: Driver;
  readonly mustPoll = false;
  readonly #given: GivenClient;
  #wasReady = false;
  #upCount = 0;
  #isClosed = false;
  #stopWatching: (() => void) | undefined;

  constructor(given: GivenClient) {
    this.#given = given;
    this.driver = { open: (_, events) => given.openAnother(events), failure: given.failure };
  }

  get isReady(): boolean {
    return this.#given.isReady();
  }

  get reconnectCount(): number {
    return Math.max(0, this.#upCount - 1);
  }

  start(listener: RouteListener): void {
    const onUp = (): void => {
      if (this.#wasReady) return;
      this.#wasReady = true;
      this.#upCount += 1;
      listener.onReady();
      listener.onChange();
    };
    const onDown = (): void => {
      if (!this.#wasReady || this.#given.isReady()) return;
      this.#wasReady = false;
      listener.onDown();
    };
    if (this.#given.isReady()) {
      this.#wasReady = true;
      this.#upCount = 1;
    }
    this.#stopWatching = this.#given.watch(onUp, onDown);
  }

  link(): Link | undefined {
    return !this.#isClosed && this.#given.isReady() ? this.#given.link : undefined;
  }

  whyDown(): string {
    return this.#isClosed ? "it is closed" : "the client that was given is not connected";
  }

  masters(): readonly Pin[] {
    const whyDown = (): string => this.whyDown();
    const link = (): Link | undefined => this.link();
    return [
      {
        get link() {
          return link();
        },
        get lastFailure() {
          return whyDown();
        },
      },
    ];
  }

  openAnother(events: LinkEvents): OpeningLink {
    return this.#given.openAnother(events);
  }

  redirect(text: string, _call: Call): "now" | "later" | undefined {
    return text.startsWith("LOADING ") || text.startsWith("MASTERDOWN ") ? "later" : undefined;
  }

  suspect(): void {}

  close(): void {
    this.#isClosed = true;
    this.#stopWatching?.();
    this.#stopWatching = undefined;
  }
}

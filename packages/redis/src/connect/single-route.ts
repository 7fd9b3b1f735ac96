import { awaitReadiness } from "./await-readiness.ts";
import type { Call, Pin } from "./call.ts";
import type { ConnectSettings } from "./connect-settings.ts";
import type { Driver, Link, LinkEvents, OpeningLink } from "./link.ts";
import { LinkKeeper } from "./link-keeper.ts";
import type { Route, RouteListener } from "./route.ts";

const LEAST_LOOK_MS = 10_000;

/** One server. */
export class SingleRoute implements Route {
  readonly kind = "single";
  readonly mustPoll = false;
  readonly driver: Driver;
  readonly #settings: ConnectSettings;
  readonly #keeper: LinkKeeper;
  #listener: RouteListener | undefined;
  #lookedAtMs = Number.NEGATIVE_INFINITY;

  constructor(driver: Driver, settings: ConnectSettings) {
    this.driver = driver;
    this.#settings = settings;
    this.#keeper = new LinkKeeper({
      ...settings,
      open: (events) => this.openAnother(events),
      prepare: (link, note, signal) => awaitReadiness(link, driver, settings.clock, note, signal),
      onUp: () => {
        this.#listener?.onReady();
        this.#listener?.onChange();
      },
      onDown: () => this.#listener?.onDown(),
    });
  }

  get isReady(): boolean {
    return this.#keeper.link !== undefined;
  }

  get reconnectCount(): number {
    return Math.max(0, this.#keeper.upCount - 1);
  }

  start(listener: RouteListener): void {
    this.#listener = listener;
    this.#keeper.start();
  }

  link(): Link | undefined {
    return this.#keeper.link;
  }

  whyDown(): string {
    return this.#keeper.lastFailure;
  }

  masters(): readonly Pin[] {
    return [this.#keeper];
  }

  openAnother(events: LinkEvents): OpeningLink {
    return this.driver.open(this.#settings.endpoint, events);
  }

  redirect(text: string, call: Call): "now" | "later" | undefined {
    // A name that led to a master may lead to another one by now.
    if (text.startsWith("READONLY") && call.link === this.#keeper.link) this.#lookAgain();
    return text.startsWith("LOADING ") || text.startsWith("MASTERDOWN ") ? "later" : undefined;
  }

  suspect(link: Link): void {
    const { replyCount } = link;
    if (link === this.#keeper.link) this.#keeper.challenge(() => link.replyCount === replyCount);
  }

  #lookAgain(): void {
    const nowMs = this.#settings.clock.now();
    // Whoever means to read from a replica, and writes to it by mistake, is not to lose the connection with each mistake.
    if (nowMs - this.#lookedAtMs < LEAST_LOOK_MS) return;
    this.#lookedAtMs = nowMs;
    this.#keeper.replace("the server has become a replica");
  }

  close(): void {
    this.#listener = undefined;
    this.#keeper.close();
  }
}

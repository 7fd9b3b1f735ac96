import { type Duration, InvalidArgumentError, toMs } from "@upshift/foundation";

/** What a loader gets beside its input. */
export interface LoadContext<Value> {
  /** Aborted when the load has taken too long, or the cache is closed. */
  readonly signal: AbortSignal;
  /** The value that is being replaced, if it may still be used. */
  readonly stale: Value | undefined;
  /** The value carries these tags: {@link tag} invalidates it by them. */
  readonly tags: (...tags: readonly string[]) => void;
  /** How long this value is fresh, in place of the policy's `ttl`. */
  readonly ttl: (duration: Duration) => void;
  /** Return it from the loader: the stale value is right, and fresh again. Its tags stay. @throws {InvalidArgumentError} when there is none */
  readonly notModified: () => Value;
  /** The value is returned and not kept. */
  readonly skip: () => void;
}

/** The state behind a {@link LoadContext}. */
export class LoadNotes implements LoadContext<unknown> {
  readonly stale: unknown;
  readonly #hasStale: boolean;
  readonly #staleTags: readonly string[];
  readonly #controller: AbortController;
  readonly noted: string[] = [];
  ttlMs: number | undefined = undefined;
  isSkipped = false;
  isNotModified = false;

  constructor(
    controller: AbortController,
    stale: { readonly value: unknown; readonly tags: readonly string[] } | undefined,
  ) {
    this.#controller = controller;
    this.#hasStale = stale !== undefined;
    this.stale = stale?.value;
    this.#staleTags = stale?.tags ?? [];
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  // Properties, since loaders take the context apart.
  readonly tags = (...tags: readonly string[]): void => {
    for (const tag of tags) {
      if (typeof tag !== "string" || tag === "")
        throw new InvalidArgumentError("tags as texts that are not empty", tag);
      this.noted.push(tag);
    }
  };

  readonly ttl = (duration: Duration): void => {
    this.ttlMs = toMs(duration, "ttl");
  };

  readonly notModified = (): unknown => {
    if (!this.#hasStale)
      throw new InvalidArgumentError(
        "`notModified()` only where there is a `stale` value",
        undefined,
      );
    this.isNotModified = true;
    this.noted.push(...this.#staleTags);
    return this.stale;
  };

  readonly skip = (): void => {
    this.isSkipped = true;
  };
}

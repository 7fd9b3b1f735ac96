/** Tags that no application can name, since theirs are prefixed. */
export const EVERYTHING = "*";
export const definitionTag = (name: string): string => `@${name}`;
export const userTag = (tag: string): string => `#${tag}`;
/** The same tag, when it only makes values stale. */
export const expiryTag = (tag: string): string => `~${tag}`;

const isOfUser = (tag: string): boolean => tag.startsWith("#") || tag.startsWith("~#");

/** What an entry says of itself to be compared with the tags. */
export interface Tagged {
  readonly clock: number;
  readonly ordinal: number;
  readonly tags: readonly string[];
}

interface TagTime {
  clock: number;
  /** The highest that was heard from others: an own one may be higher, and be heard of first. */
  heardClock: number;
  ordinal: number;
  /** Invalidations of it that Redis has not taken yet. */
  pendingCount: number;
  /** {@link TagTimes.version} when it was invalidated last. */
  version: number;
}

/**
 * When each tag was last invalidated, as far as this process has heard.
 *
 * Two clocks are kept. The journal's orders what happened in different processes: a value whose load had seen the clock at C is void when one of its tags has a higher one. The ordinal
 * counts what this process has heard, in order: a load that began here after an invalidation was heard of is newer than it, even when Redis could not be told and there is
 * no clock for it yet.
 */
export class TagTimes {
  readonly #times = new Map<string, TagTime>();
  readonly #mostTags: number;
  /** Everything from this clock on is known; what is older has to be asked for. */
  knownSince = 0;
  /** Changes with every invalidation of a tag. */
  version = 0;
  /** An invalidation with this version, or a lower one, may have been forgotten: values that were compared before it cannot be believed. */
  forgottenVersion = 0;
  #ordinal = 0;

  constructor(mostTags = 100_000) {
    this.#mostTags = mostTags;
  }

  /** How much has been heard: a load that begins now has seen all of it. */
  get ordinal(): number {
    return this.#ordinal;
  }

  /** Something else was invalidated: loads that begin from now on have seen it. @returns the ordinal */
  tick(): number {
    this.#ordinal += 1;
    return this.#ordinal;
  }

  /** This process invalidates it: what was loaded before is void from now on, whatever its clock. */
  begin(tag: string): void {
    const time = this.#timeOf(tag);
    this.#ordinal += 1;
    time.ordinal = this.#ordinal;
    time.pendingCount += 1;
    this.#touch(time);
  }

  /** What {@link begin} began has its clock. Before any load that starts later is compared with it. */
  settle(tag: string, clock: number): void {
    const time = this.#timeOf(tag);
    time.pendingCount = Math.max(0, time.pendingCount - 1);
    time.clock = Math.max(time.clock, clock);
    this.#touch(time);
  }

  /** @param isOwn - this process has heard of it when it began it */
  raise(tag: string, clock: number, isOwn: boolean): void {
    const time = this.#timeOf(tag);
    if ((isOwn ? time.clock : time.heardClock) >= clock) return;
    time.clock = Math.max(time.clock, clock);
    this.#touch(time);
    if (isOwn) return;
    time.heardClock = clock;
    this.#ordinal += 1;
    time.ordinal = this.#ordinal;
  }

  /** Whether an invalidation came after its load had begun. */
  isVoid(entry: Tagged, definition: string): boolean {
    return (
      this.#isPast(EVERYTHING, entry) ||
      this.#isPast(definitionTag(definition), entry) ||
      entry.tags.some((tag) => this.#isPast(userTag(tag), entry))
    );
  }

  /** Whether it is only good for when a load fails. */
  isExpired(entry: Tagged, definition: string): boolean {
    return (
      this.#isPast(expiryTag(EVERYTHING), entry) ||
      this.#isPast(expiryTag(definitionTag(definition)), entry) ||
      entry.tags.some((tag) => this.#isPast(expiryTag(userTag(tag)), entry))
    );
  }

  /** Whether an invalidation that is not known here might have made it void. */
  isUnknown(entry: Pick<Tagged, "clock">): boolean {
    return entry.clock < this.knownSince;
  }

  #isPast(tag: string, entry: Tagged): boolean {
    const time = this.#times.get(tag);
    if (time === undefined || time.ordinal <= entry.ordinal) return false;
    return time.pendingCount > 0 || time.clock > entry.clock;
  }

  #touch(time: TagTime): void {
    this.version += 1;
    time.version = this.version;
  }

  #timeOf(tag: string): TagTime {
    const time = this.#times.get(tag) ?? {
      clock: 0,
      heardClock: 0,
      ordinal: 0,
      pendingCount: 0,
      version: 0,
    };
    // The one that was used last stands last.
    this.#times.delete(tag);
    this.#times.set(tag, time);
    if (this.#times.size > this.#mostTags) this.#forgetOldest();
    return time;
  }

  #forgetOldest(): void {
    for (const [tag, { clock, pendingCount, version }] of this.#times) {
      // Those of definitions and of everything are few, and every value has them.
      if (pendingCount > 0 || !isOfUser(tag)) continue;
      this.#times.delete(tag);
      this.forgottenVersion = Math.max(this.forgottenVersion, version);
      this.knownSince = Math.max(this.knownSince, clock + 1);
      return;
    }
  }
}

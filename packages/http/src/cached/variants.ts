import { systemClock } from "@upshift/foundation";
import type { Coding, NegotiatedCoding } from "../coding/coding.ts";
import type { CompressionSettings } from "../coding/compression-settings.ts";
import { compressSync } from "../coding/compress.ts";
import { forbidsTransform } from "../send/cache-control.ts";
import { type EntityTag, formatTag } from "../validation/entity-tag.ts";
import { parseHttpDate } from "../validation/http-date.ts";
import type { Answer } from "./answer.ts";
import { compressInBackground } from "./compress-in-background.ts";
import type { StoredResponse } from "./stored-response.ts";

/** A stored response in one coding, ready to be written. */
export interface Variant {
  readonly coding: NegotiatedCoding;
  readonly tag: string;
  readonly whole: Answer;
  /** For HEAD. */
  readonly head: Answer;
  /** 304. */
  readonly notModified: Answer;
}

/** How the entries of a route are sent. */
export interface VariantRules {
  readonly isWeak: boolean;
  readonly cacheControl: string;
  readonly vary: string | undefined;
  readonly compression: CompressionSettings | undefined;
}

/** The hit that makes it worth while to compress with the slowest coding. */
const WARM_HITS = 2;
/** Bodies up to here are compressed at once: the way to another thread would take longer. */
const MOST_SYNC_BYTES = 64 * 1024;

/** One write of a string in place of three of its parts saves 5 % of the CPU time of a response of 1 KB; copying larger ones would cost more than that. */
const MOST_LATIN1_BYTES = 8 * 1024;

/** Describes content, which a 304 has not. */
const OF_CONTENT: ReadonlySet<string> = new Set(["content-type", "content-language"]);

/** The codings of a stored response: each made once, gzip at the first request for one, brotli while nobody waits. */
export class Variants {
  readonly tag: EntityTag;
  readonly lastModifiedMs: number | undefined;
  /** Codings that can be sent now or at once, best first. */
  available: readonly Coding[];
  readonly identity: Variant;
  readonly #stored: StoredResponse;
  readonly #rules: VariantRules;
  readonly #made = new Map<Coding, Variant>();
  readonly #making = new Set<Coding>();
  #hitCount = 0;

  constructor(stored: StoredResponse, rules: VariantRules) {
    this.#stored = stored;
    this.#rules = rules;
    this.tag = { opaque: stored.tag.opaque, isWeak: rules.isWeak || stored.tag.isWeak };
    const lastModified = stored.fields.find(([name]) => name === "last-modified")?.[1];
    this.lastModifiedMs =
      lastModified === undefined ? undefined : parseHttpDate(lastModified, systemClock.now());
    this.identity = this.#variant("identity", stored.body);
    this.available = this.#isWorthIt() ? ["gzip"] : [];
  }

  /** Everything a client could be sent, for `Vary`. */
  get isNegotiated(): boolean {
    return this.available.length > 0;
  }

  /** @param coding - one of {@link available}, or identity */
  of(coding: NegotiatedCoding): Variant | Promise<Variant> {
    this.#hitCount += 1;
    if (this.#hitCount === WARM_HITS) this.#warm();
    if (coding === "identity") return this.identity;
    return this.#made.get(coding) ?? this.#make(coding);
  }

  #make(coding: Coding): Variant | Promise<Variant> {
    const { compression } = this.#rules;
    if (compression === undefined) return this.identity;
    const { body } = this.#stored;
    if (body.length > MOST_SYNC_BYTES) return this.#makeLater(coding, compression);
    return this.#keep(coding, compressSync(body, coding, compression.levels));
  }

  async #makeLater(coding: Coding, { levels }: CompressionSettings): Promise<Variant> {
    return this.#keep(coding, await compressInBackground(this.#stored.body, coding, levels));
  }

  #keep(coding: Coding, body: Buffer): Variant {
    const variant = this.#made.get(coding) ?? this.#variant(coding, body);
    this.#made.set(coding, variant);
    return variant;
  }

  /** The others are offered once they are there: until then clients that like them best get gzip. */
  #warm(): void {
    const { compression } = this.#rules;
    if (compression === undefined || !this.isNegotiated) return;
    for (const coding of compression.codings) {
      if (coding === "gzip" || this.#making.has(coding)) continue;
      this.#making.add(coding);
      void this.#offer(coding, compression);
    }
  }

  async #offer(coding: Coding, compression: CompressionSettings): Promise<void> {
    try {
      await this.#makeLater(coding, compression);
      this.available = compression.codings.filter(
        (each) => each === "gzip" || this.#made.has(each),
      );
    } catch {
      // Without it gzip does.
    }
  }

  #isWorthIt(): boolean {
    const { compression, cacheControl } = this.#rules;
    const { body, fields } = this.#stored;
    if (compression === undefined || forbidsTransform(cacheControl)) return false;
    const contentType = fields.find(([name]) => name === "content-type")?.[1];
    return (
      contentType !== undefined &&
      body.length >= compression.thresholdBytes &&
      compression.codings.includes("gzip") &&
      compression.filter(contentType)
    );
  }

  #variant(coding: NegotiatedCoding, body: Buffer): Variant {
    const { cacheControl } = this.#rules;
    const vary = this.#vary();
    const tag = formatTag(this.tag, coding);
    const validators = ["cache-control", cacheControl, "etag", tag];
    if (vary !== undefined) validators.push("vary", vary);
    const { fields: own, status } = this.#stored;
    const fields = [...validators, ...own.flat()];
    if (coding !== "identity") fields.push("content-encoding", coding);
    // RFC 9110 8.6: not with 204.
    if (status !== 204) fields.push("content-length", String(body.length));
    validators.push(...own.filter(([name]) => !OF_CONTENT.has(name)).flat());
    return {
      coding,
      tag,
      whole:
        body.length > MOST_LATIN1_BYTES
          ? { status, fields, body }
          : { status, fields, body, latin1: body.toString("latin1") },
      head: { status, fields, body: undefined },
      notModified: { status: 304, fields: validators, body: undefined },
    };
  }

  #vary(): string | undefined {
    const { vary } = this.#rules;
    if (!this.#isWorthIt()) return vary;
    return vary === undefined ? "accept-encoding" : `accept-encoding, ${vary}`;
  }
}

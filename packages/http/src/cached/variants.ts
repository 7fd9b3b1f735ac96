import { systemClock } from "@upshift/foundation";
import type { Coding, NegotiatedCoding } from "../coding/coding.ts";
import type { CompressionSettings } from "../coding/compression-settings.ts";
import { type AcceptedCodings, chooseCoding } from "../negotiation/accept-encoding.ts";
import { compressSync } from "../coding/compress.ts";
import { DIGEST_FIELDS } from "../coding/digest-fields.ts";
import { forbidsTransform } from "../send/cache-control.ts";
import { type EntityTag, formatTag } from "../validation/entity-tag.ts";
import { parseHttpDate } from "../validation/http-date.ts";
import type { Answer } from "./answer.ts";
import { compressInBackground } from "./compress-in-background.ts";
import { type StoredResponse, valueOf } from "./stored-response.ts";

/** A stored response in one coding, ready to be written. */
export interface Variant {
  readonly coding: NegotiatedCoding;
  /** As it is sent; `undefined` where there is none. */
  readonly tag: string | undefined;
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

/** One write of a string in place of three of its parts saved 5 % of the CPU time of a response of 1 KB; of larger ones copying takes more. */
const MOST_LATIN1_BYTES = 8 * 1024;

/** Describes content, which a 304 has not. */
const OF_CONTENT: ReadonlySet<string> = new Set(["content-type", "content-language"]);

/** The codings of a stored response: each made once, gzip at the first request for one, the others while nobody waits. */
export class Variants {
  readonly tag: EntityTag;
  readonly lastModifiedMs: number | undefined;
  readonly status: number;
  /** What is left to say where a client refuses all that there is. */
  readonly notAcceptable: Answer;
  readonly #identity: Variant;
  /** `undefined`: the body stays as it is. */
  readonly #compression: CompressionSettings | undefined;
  readonly #isSmall: boolean;
  readonly #stored: StoredResponse;
  readonly #rules: VariantRules;
  readonly #made = new Map<NegotiatedCoding, Variant>();
  readonly #making = new Map<Coding, Promise<Variant>>();
  /** Codings that can be sent at once, best first. */
  #ready: readonly Coding[];
  #isWarming = false;
  #hitCount = 0;

  constructor(stored: StoredResponse, rules: VariantRules) {
    const { status, body } = stored;
    this.status = status;
    this.#stored = stored;
    this.#rules = rules;
    this.tag = { opaque: stored.tag.opaque, isWeak: rules.isWeak };
    const lastModified = valueOf(stored.fields, "last-modified");
    this.lastModifiedMs =
      lastModified === undefined ? undefined : parseHttpDate(lastModified, systemClock.now());
    this.#compression = compressionOf(stored, rules);
    this.#isSmall = body.length < (this.#compression?.thresholdBytes ?? 0);
    this.#ready = (this.#compression?.codings ?? []).filter((coding) => coding === "gzip");
    this.#identity = this.#keep("identity", body);
    const vary = this.#vary();
    this.notAcceptable = {
      status: 406,
      fields: [...(vary === undefined ? [] : ["vary", vary]), "content-length", "0"],
      body: undefined,
    };
  }

  /** The coding that a client gets; `undefined` when it refuses all that there is. */
  choose(accepted: AcceptedCodings | undefined): NegotiatedCoding | undefined {
    if (this.#compression === undefined || accepted === undefined) return "identity";
    this.#hitCount += 1;
    if (this.#hitCount === WARM_HITS) this.#warm(this.#compression);
    const { codings } = this.#compression;
    // A small body is compressed only for a client that refuses it as it is.
    if (this.#isSmall) {
      const plain = chooseCoding(accepted, []);
      if (plain !== undefined) return plain;
    }
    const wanted = chooseCoding(accepted, codings) ?? this.#atLeast();
    if (wanted === undefined || this.#made.has(wanted)) return wanted;
    // Until the best is there, what is ready does, unless that is no coding at all.
    const ready = chooseCoding(accepted, this.#ready);
    return ready === undefined || ready === "identity" ? wanted : ready;
  }

  /** An error is told also to a client that refuses everything. */
  #atLeast(): NegotiatedCoding | undefined {
    return isSuccess(this.status) ? undefined : "identity";
  }

  /** @param coding - that {@link choose} gave */
  of(coding: NegotiatedCoding): Variant | Promise<Variant> {
    const made = this.#made.get(coding);
    if (made !== undefined) return made;
    return coding === "identity" ? this.#identity : this.#make(coding);
  }

  #make(coding: Coding): Variant | Promise<Variant> {
    const settings = this.#compression;
    if (settings === undefined) return this.#identity;
    const { body } = this.#stored;
    if (body.length > MOST_SYNC_BYTES) return this.#makeLater(coding, settings);
    return this.#keep(coding, compressSync(body, coding, settings.levels));
  }

  /** Once for all that ask meanwhile. */
  #makeLater(coding: Coding, { levels }: CompressionSettings): Promise<Variant> {
    const begun = this.#making.get(coding);
    if (begun !== undefined) return begun;
    const compressed = compressInBackground(this.#stored.body, coding, levels);
    const making = compressed
      .then((body) => this.#keep(coding, body))
      .finally(() => this.#making.delete(coding));
    this.#making.set(coding, making);
    return making;
  }

  #keep(coding: NegotiatedCoding, body: Buffer): Variant {
    const variant = this.#made.get(coding) ?? this.#variant(coding, body);
    this.#made.set(coding, variant);
    if (this.#compression !== undefined)
      this.#ready = this.#compression.codings.filter(
        (each) => each === "gzip" || this.#made.has(each),
      );
    return variant;
  }

  /** Until the others are there, clients that like them best get gzip. */
  #warm(settings: CompressionSettings): void {
    if (this.#isSmall || this.#isWarming) return;
    this.#isWarming = true;
    for (const coding of settings.codings) {
      // Without it gzip does.
      if (!this.#ready.includes(coding))
        void this.#makeLater(coding, settings).catch(() => undefined);
    }
  }

  #variant(coding: NegotiatedCoding, body: Buffer): Variant {
    const { status } = this.#stored;
    const { cacheControl } = this.#rules;
    const tag = formatTag(this.tag, coding);
    const vary = this.#vary();
    const hasBody = status !== 204 && status !== 205;
    const own = this.#stored.fields.filter(([name]) => hasBody || !OF_CONTENT.has(name));
    const validators = ["cache-control", cacheControl];
    if (isSuccess(status) && hasBody) validators.push("etag", tag);
    if (vary !== undefined && hasBody) validators.push("vary", vary);
    const fields = [...validators, ...own.flat()];
    if (coding !== "identity") fields.push("content-encoding", coding);
    // RFC 9110 8.6: not with 204.
    if (status !== 204) fields.push("content-length", String(body.length));
    validators.push(...own.filter(([name]) => !OF_CONTENT.has(name)).flat());
    return {
      coding,
      tag: isSuccess(status) && hasBody ? tag : undefined,
      whole:
        body.length > MOST_LATIN1_BYTES || !hasBody
          ? { status, fields, body: hasBody ? body : undefined }
          : { status, fields, body, latin1: body.toString("latin1") },
      head: { status, fields, body: undefined },
      notModified: { status: 304, fields: validators, body: undefined },
    };
  }

  #vary(): string | undefined {
    const { vary } = this.#rules;
    if (this.#compression === undefined) return vary;
    return vary === undefined ? "Accept-Encoding" : `${vary}, Accept-Encoding`;
  }
}

/** @returns `undefined` for what is not to be compressed, whatever the client takes */
function compressionOf(
  { fields, status }: StoredResponse,
  { compression, cacheControl }: VariantRules,
): CompressionSettings | undefined {
  if (compression === undefined || forbidsTransform(cacheControl)) return undefined;
  if (fields.some(([name]) => DIGEST_FIELDS.includes(name))) return undefined;
  const contentType = valueOf(fields, "content-type");
  const isWorthIt =
    status !== 204 &&
    status !== 205 &&
    contentType !== undefined &&
    compression.filter(contentType);
  return isWorthIt ? compression : undefined;
}

const isSuccess = (status: number): boolean => status >= 200 && status < 300;

import type { IncomingHttpHeaders } from "node:http";
import { emitWarning } from "node:process";
import type { Definition, LoadContext } from "@upshift/cache";
import { type Clock, InvalidArgumentError, systemClock } from "@upshift/foundation";
import type { CompressionOptions, CompressionSettings } from "../coding/compression-settings.ts";
import { toCompressionSettings } from "../coding/compression-settings.ts";
import { formatCacheControl, isShared } from "../send/cache-control.ts";
import type { Answer } from "./answer.ts";
import type { Variants } from "./variants.ts";
import { ResponseNotKeptError, UnsharedFailureError } from "./cached-errors.ts";
import type { CachedOptions } from "./cached-options.ts";
import { EntryAnswers } from "./entry-answers.ts";
import { PassList } from "./pass-list.ts";
import type { Recorded } from "./recorded.ts";
import { type RequestKey, RequestKeys, type RequestView } from "./request-key.ts";
import { isKept, refusalToShare, type ShareRules } from "./shareable.ts";
import { type CachedResponse, type StoredResponse, storedResponse } from "./stored-response.ts";
import { CREDENTIALS, type HeaderRules, headerRules } from "./tracked-request.ts";

const DEFAULT_MOST_BYTES = 2 ** 20;
/** 5 takes three times as long as the 3 of what is compressed for each request, while nobody waits. */
const BROTLI_LEVEL = 5;

/** A request of some framework that is to be answered. */
export interface Asker<Request> {
  readonly request: Request;
  /** The client has its answer, or is getting it: a load that goes on for others must leave the response alone. */
  isAnswered: boolean;
  /**
   * Runs the handler and keeps what it answers.
   *
   * @param onRead - to be told what the handler looked at that is not in the key
   * @param signal - nobody waits for it any more
   * @returns `undefined` where the handler cannot be run for others, and was not or has answered this request by itself
   */
  record(
    found: RequestKey,
    rules: RecordRules,
    onRead: (name: string) => void,
    signal: AbortSignal,
  ): Promise<Recorded | undefined>;
  /** Answers from an entry. */
  send(answer: Answer): void;
  /** Answers this request alone. Called where it has no answer yet, and the body is not too large. */
  sendUnshared(recorded: Recorded, body: Buffer): void | Promise<void>;
  /** Runs the handler as if there were no cache. */
  runPast(): void | Promise<void>;
}

/** How handlers are run. */
export interface RecordRules {
  readonly headers: HeaderRules;
  readonly mostBytes: number;
}

/** What the loader gets: a key to look under, and how to answer it. */
interface Asked<Request> {
  readonly found: RequestKey;
  readonly asker: Asker<Request>;
}

/** The responses of one route, whatever the framework. */
export class RouteCache<Request> {
  readonly #options: CachedOptions<Request>;
  readonly #view: RequestView<Request>;
  readonly #definition: Definition<Asked<Request>, CachedResponse>;
  readonly #keys: RequestKeys<Request>;
  readonly #answers: EntryAnswers;
  readonly #rules: RecordRules;
  readonly #shareRules: ShareRules;
  readonly #passes: PassList;
  /** What promises of the cache are known to give. */
  readonly #known = new WeakMap<Promise<CachedResponse | undefined>, Variants>();
  readonly #isForAll: boolean;
  readonly #warned = new Set<string>();

  /** @throws {InvalidArgumentError} for options that contradict each other */
  constructor(
    options: CachedOptions<Request>,
    view: RequestView<Request>,
    clock: Clock = systemClock,
  ) {
    const { cache, name, policy, maxBytes = DEFAULT_MOST_BYTES } = options;
    const isPrivate = options.private !== undefined;
    const isPublic = options.public === true;
    if (isPrivate && isPublic)
      throw new InvalidArgumentError("`private` or `public`, not both", "both");
    if (!Number.isSafeInteger(maxBytes) || maxBytes < 0)
      throw new InvalidArgumentError("`maxBytes` as a whole number >= 0", maxBytes);
    const cacheControl = lineOf(options.cacheControl);
    if (isPrivate && cacheControl !== undefined && isShared(cacheControl))
      throw new InvalidArgumentError(
        "`cacheControl` without `public` for a `private` route",
        cacheControl,
      );
    const { vary = [] } = options;
    this.#options = options;
    this.#view = view;
    this.#isForAll = isPublic || isPrivate;
    this.#keys = new RequestKeys(options, view);
    this.#rules = {
      headers: headerRules({ ...options, isPublic, isPrivate }),
      mostBytes: maxBytes,
    };
    this.#shareRules = { isPrivate, vary: new Set(vary.map((each) => each.toLowerCase())) };
    this.#answers = new EntryAnswers({
      isWeak: options.etag === "weak",
      isPrivate,
      cacheControl,
      vary: isPrivate ? withCredentials(vary) : vary,
      compression: settingsOf(options.compression),
    });
    this.#passes = new PassList(clock);
    this.#definition = cache.define<Asked<Request>, CachedResponse>(name, {
      ...(policy === undefined ? {} : { policy }),
      key: ({ found }) => found.key,
      load: (asked, context) => this.#load(asked, context),
    });
  }

  /** @returns `undefined` for what is not to be answered from the cache */
  find(request: Request): RequestKey | undefined {
    const method = this.#view.methodOf(request);
    if (method !== "GET" && method !== "HEAD") return undefined;
    if (this.#view.hasBody?.(request) === true) return undefined;
    const headers = this.#view.headersOf(request);
    if (!this.#isForAll && hasCredentials(headers)) return undefined;
    const found = this.#keys.of(request, headers);
    return found === undefined || this.#passes.has(found.key) ? undefined : found;
  }

  /**
   * A hit in memory is answered before this returns: on the way of thousands of requests per second, waiting would cost more than all else here.
   *
   * @returns nothing when that was so
   * @throws and rejects with what the handler throws
   */
  answer(found: RequestKey, asker: Asker<Request>): Promise<void> | undefined {
    // The cache gives the same promise for as long as the entry is good.
    const promise = this.#definition.get({ found, asker });
    const variants = this.#known.get(promise);
    if (variants === undefined) return this.#answerLater(promise, asker);
    return this.#give(variants, asker);
  }

  async #answerLater(
    promise: Promise<CachedResponse | undefined>,
    asker: Asker<Request>,
  ): Promise<void> {
    const response = await promise.catch((error: unknown) => {
      if (!(error instanceof UnsharedFailureError)) throw error;
      if (error.by === asker) throw error.cause;
      return undefined;
    });
    // What was too large has been sent on its way.
    if (asker.isAnswered) return;
    if (response?.kind === "stored") {
      const variants = this.#answers.variantsOf(response);
      this.#known.set(promise, variants);
      await this.#give(variants, asker);
    } else if (response?.by === asker && response.recorded?.body !== undefined) {
      asker.isAnswered = true;
      await asker.sendUnshared(response.recorded, response.recorded.body);
    } else await asker.runPast();
  }

  #give(variants: Variants, asker: Asker<Request>): Promise<void> | undefined {
    const { request } = asker;
    const headers = this.#view.headersOf(request);
    const answer = this.#answers.of(variants, this.#view.methodOf(request), headers);
    asker.isAnswered = true;
    if (answer instanceof Promise) return answer.then((ready) => asker.send(ready));
    asker.send(answer);
    return undefined;
  }

  async #load(
    { found, asker }: Asked<Request>,
    context: LoadContext<CachedResponse>,
  ): Promise<CachedResponse> {
    const read = new Set<string>();
    const { signal } = context;
    const recorded = await asker
      .record(found, this.#rules, (name) => read.add(name), signal)
      .catch((error: unknown) => {
        throw read.size === 0 ? error : new UnsharedFailureError(asker, error);
      });
    // Too late, it must not be sent on top of what was said instead.
    signal.throwIfAborted();
    if (recorded === undefined) {
      context.skip();
      if (asker.isAnswered) {
        this.#passes.add(found.key);
        this.#warn(ELSEWHERE);
      }
      return { kind: "unshared", by: context };
    }
    const refusal = refusalToShare(recorded, read, this.#shareRules);
    if (refusal !== undefined) {
      context.skip();
      this.#passes.add(found.key);
      this.#warn(refusal);
      // Sent by who asked: what goes wrong with that is not for those that wait.
      return { kind: "unshared", by: asker, recorded };
    }
    if (!isKept(recorded.status)) context.skip();
    const tags = new Set([...(this.#options.tags?.(asker.request) ?? []), ...recorded.tags]);
    if (tags.size > 0) context.tags(...tags);
    return storedOf(recorded);
  }

  #warn(reason: string): void {
    if (this.#warned.has(reason) || this.#warned.size > 20) return;
    this.#warned.add(reason);
    const { name, onWarning = emitWarning } = this.#options;
    onWarning(new ResponseNotKeptError(name, reason));
  }
}

const ELSEWHERE =
  "its handler answered by another response than the one that it got, as functions of middleware that close over theirs do";

/** Without them the browser of a user who logs out and in as another shows what it kept for the first. */
function withCredentials(vary: readonly string[]): readonly string[] {
  const given = new Set(vary.map((name) => name.toLowerCase()));
  return [...vary, ...["Cookie", "Authorization"].filter((name) => !given.has(name.toLowerCase()))];
}

function storedOf({ status, fields, body = Buffer.alloc(0) }: Recorded): StoredResponse {
  return storedResponse(status, fields, body);
}

function lineOf(cacheControl: CachedOptions["cacheControl"]): string | undefined {
  return typeof cacheControl === "object" ? formatCacheControl(cacheControl) : cacheControl;
}

function settingsOf(
  options: CompressionOptions | false | undefined,
): CompressionSettings | undefined {
  if (options === false) return undefined;
  return toCompressionSettings({ ...options, levels: { br: BROTLI_LEVEL, ...options?.levels } });
}

function hasCredentials(headers: IncomingHttpHeaders): boolean {
  for (const name of CREDENTIALS) if (headers[name] !== undefined) return true;
  return false;
}

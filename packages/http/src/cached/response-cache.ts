import type { IncomingMessage, ServerResponse } from "node:http";
import type { Definition, LoadContext } from "@upshift/cache";
import { type Clock, InvalidArgumentError, systemClock } from "@upshift/foundation";
import { toCompressionSettings } from "../coding/compression-settings.ts";
import {
  type AcceptedCodings,
  chooseCoding,
  parseAcceptEncoding,
} from "../negotiation/accept-encoding.ts";
import { formatCacheControl, isShared } from "../send/cache-control.ts";
import { NodeRequest } from "../send/node-request.ts";
import { writePlanned } from "../send/write-planned.ts";
import { evaluatePreconditions } from "../validation/preconditions.ts";
import { ResponseNotKeptError } from "./cached-errors.ts";
import type { CachedOptions } from "./cached-options.ts";
import type { Exchange, Handler } from "./exchange.ts";
import { overflowTo } from "./overflow.ts";
import { PassList } from "./pass-list.ts";
import { type Recorded, RecordingResponse } from "./recording-response.ts";
import { type RequestKey, RequestKeys } from "./request-key.ts";
import { openTags } from "./response-tags.ts";
import { isKept, refusalToShare, type ShareRules } from "./shareable.ts";
import { type CachedResponse, type StoredResponse, storedResponse } from "./stored-response.ts";
import { CREDENTIALS, type HeaderRules, headerRules, trackRequest } from "./tracked-request.ts";
import { type Variant, Variants } from "./variants.ts";

const DEFAULT_MOST_BYTES = 2 ** 20;
/** Clients send few different ones. */
const MOST_ACCEPTED = 200;

/** What the loader gets: a key to look under, and how to answer it. */
interface Asked<Request extends IncomingMessage, Response extends ServerResponse> {
  readonly key: string;
  readonly url: string;
  readonly exchange: Exchange<Request, Response>;
}

/** The handler passed a request on: nothing to keep, and nothing to send. */
class PassedOnError extends Error {}

/** The responses of one route. */
export class ResponseCache<Request extends IncomingMessage, Response extends ServerResponse> {
  readonly #options: CachedOptions<Request>;
  readonly #handler: Handler<Request, Response>;
  readonly #definition: Definition<Asked<Request, Response>, CachedResponse>;
  readonly #keys: RequestKeys<Request>;
  readonly #headerRules: HeaderRules;
  readonly #shareRules: ShareRules;
  readonly #passes: PassList;
  readonly #variants = new WeakMap<StoredResponse, Variants>();
  readonly #accepted = new Map<string, AcceptedCodings>();
  readonly #warned = new Set<string>();
  readonly #mostBytes: number;
  readonly #cacheControl: string | undefined;

  constructor(
    options: CachedOptions<Request>,
    handler: Handler<Request, Response>,
    clock: Clock = systemClock,
  ) {
    const { cache, name, policy, cacheControl, maxBytes = DEFAULT_MOST_BYTES, vary = [] } = options;
    const isPrivate = options.private !== undefined;
    const isPublic = options.public === true;
    if (isPrivate && isPublic)
      throw new InvalidArgumentError("`private` or `public`, not both", "both");
    if (!Number.isSafeInteger(maxBytes) || maxBytes < 0)
      throw new InvalidArgumentError("`maxBytes` as a whole number >= 0", maxBytes);
    this.#cacheControl =
      typeof cacheControl === "object" ? formatCacheControl(cacheControl) : cacheControl;
    if (isPrivate && this.#cacheControl !== undefined && isShared(this.#cacheControl))
      throw new InvalidArgumentError(
        "`cacheControl` without `public` for a `private` route",
        this.#cacheControl,
      );
    toCompressionSettings(options.compression);
    this.#options = options;
    this.#handler = handler;
    this.#mostBytes = maxBytes;
    this.#keys = new RequestKeys(options);
    this.#headerRules = headerRules({ ...options, isPublic, isPrivate });
    this.#shareRules = { isPrivate, vary: new Set(vary.map((each) => each.toLowerCase())) };
    this.#passes = new PassList(clock);
    this.#definition = cache.define<Asked<Request, Response>, CachedResponse>(name, {
      ...(policy === undefined ? {} : { policy }),
      key: ({ key }) => key,
      load: (asked, context) => this.#load(asked, context),
    });
  }

  async answer(exchange: Exchange<Request, Response>): Promise<void> {
    const { request } = exchange;
    const { method } = request;
    const found =
      (method === "GET" || method === "HEAD") && !this.#goesPast(request)
        ? this.#keys.of(request, request.url ?? "/")
        : undefined;
    if (found === undefined || this.#passes.has(found.key)) {
      await this.#run(exchange);
      return;
    }
    const asked = { key: found.key, url: found.url, exchange };
    const inMemory = this.#definition.peek(asked);
    if (inMemory?.kind === "stored") {
      await this.#send(exchange, inMemory);
      return;
    }
    await this.#answerSlowly(exchange, asked, found);
  }

  async #answerSlowly(
    exchange: Exchange<Request, Response>,
    asked: Asked<Request, Response>,
    { key }: RequestKey,
  ): Promise<void> {
    let response: CachedResponse | undefined;
    try {
      response = await this.#definition.get(asked);
    } catch (error) {
      if (error instanceof PassedOnError && exchange.next !== undefined) exchange.next();
      else this.#fail(exchange, error);
      return;
    }
    // What was too large has been sent on its way.
    if (exchange.isAnswered) return;
    if (response === undefined || (response.kind === "unshared" && response.by !== exchange.id)) {
      await this.#run(exchange);
      return;
    }
    if (response.kind === "stored") await this.#send(exchange, response);
    else this.#passes.add(key);
  }

  /** Past the cache, as if it were not there. */
  async #run({ request, response, next }: Exchange<Request, Response>): Promise<void> {
    await this.#handler(request, response, next ?? (() => response.end()));
  }

  #fail({ response, next }: Exchange<Request, Response>, error: unknown): void {
    if (next === undefined) throw error;
    if (response.headersSent) response.destroy();
    else next(error);
  }

  #goesPast({ headers }: Request): boolean {
    if (this.#options.public === true || this.#options.private !== undefined) return false;
    return CREDENTIALS.some((name) => headers[name] !== undefined);
  }

  async #load(
    { key, url, exchange }: Asked<Request, Response>,
    context: LoadContext<CachedResponse>,
  ): Promise<CachedResponse> {
    const read = new Set<string>();
    const request = trackRequest(exchange.request, url, this.#headerRules, (name) =>
      read.add(name),
    );
    const overflow = overflowTo(exchange);
    const recording = new RecordingResponse(request, exchange.response, this.#mostBytes, overflow);
    const added = openTags(recording.response);
    Object.defineProperty(request, "res", { value: recording.response, writable: true });
    const recorded = await this.#record(request, recording);
    const refusal = refusalToShare(recorded, read, this.#shareRules);
    if (refusal !== undefined) {
      context.skip();
      this.#passes.add(key);
      this.#warn(refusal);
      if (recorded.body !== undefined && !exchange.isAnswered)
        await this.#sendUnshared(exchange, recorded, recorded.body);
      return { kind: "unshared", by: exchange.id };
    }
    if (!isKept(recorded.status)) context.skip();
    const tags = new Set([...(this.#options.tags?.(exchange.request) ?? []), ...added]);
    if (tags.size > 0) context.tags(...tags);
    const { cacheControl } = this.#ofHandler(recorded);
    const stored = storedResponse(
      recorded.status,
      recorded.fields,
      recorded.body ?? Buffer.alloc(0),
    );
    return cacheControl === undefined ? stored : { ...stored, cacheControl };
  }

  #record(request: Request, recording: RecordingResponse<Response>): Promise<Recorded> {
    return new Promise((resolve, reject) => {
      const next = (error?: unknown): void =>
        reject(error === undefined ? new PassedOnError("passed on") : error);
      recording.response.on("error", reject);
      void recording.done.then(resolve, reject);
      const run = async (): Promise<void> => {
        try {
          await this.#handler(request, recording.response, next);
        } catch (error) {
          reject(error);
        }
      };
      void run();
    });
  }

  #ofHandler({ fields }: Recorded): { readonly cacheControl: string | undefined } {
    return { cacheControl: fields.findLast(([name]) => name === "cache-control")?.[1] };
  }

  async #sendUnshared(
    exchange: Exchange<Request, Response>,
    { status, fields }: Recorded,
    body: Buffer,
  ): Promise<void> {
    exchange.isAnswered = true;
    const headers: Record<string, string | readonly string[]> = {};
    for (const [name, value] of fields) {
      const before = headers[name];
      headers[name] = before === undefined ? value : [before, value].flat();
    }
    headers["cache-control"] ??= "private, no-cache";
    headers["content-length"] ??= String(body.length);
    const isHead = exchange.request.method === "HEAD";
    await writePlanned(exchange.response, { status, headers, body: isHead ? undefined : body });
  }

  async #send(exchange: Exchange<Request, Response>, stored: StoredResponse): Promise<void> {
    const { request, response } = exchange;
    exchange.isAnswered = true;
    const variants = this.#variantsOf(stored);
    const { headers, method } = request;
    const accepted = this.#acceptedOf(headers["accept-encoding"]);
    const coding = chooseCoding(accepted, variants.available) ?? "identity";
    const noneMatch = headers["if-none-match"];
    const ready = variants.of(coding);
    const variant = ready instanceof Promise ? await ready : ready;
    if (noneMatch === undefined && !hasConditions(headers)) {
      this.#write(
        response,
        stored.status,
        variant,
        variant.fields,
        method === "HEAD" ? undefined : variant.body,
      );
      return;
    }
    if (noneMatch === variant.tag && stored.status === 200) {
      this.#write(response, 304, variant, variant.validators, undefined);
      return;
    }
    const verdict = evaluatePreconditions(
      new NodeRequest(request),
      { exists: stored.status < 300, tag: variants.tag, lastModifiedMs: undefined },
      accepted,
      coding,
    );
    if (verdict.outcome === "failed") {
      this.#write(response, 412, variant, ["content-length", "0"], undefined);
    } else if (verdict.outcome === "not-modified" && stored.status === 200) {
      const same = verdict.coding === coding ? variant : await variants.of(verdict.coding);
      this.#write(response, 304, same, same.validators, undefined);
    } else {
      this.#write(
        response,
        stored.status,
        variant,
        variant.fields,
        method === "HEAD" ? undefined : variant.body,
      );
    }
  }

  #write(
    response: Response,
    status: number,
    _variant: Variant,
    fields: readonly string[],
    body: Buffer | undefined,
  ): void {
    if (response.getHeaderNames().length === 0) {
      response.writeHead(status, [...fields]);
      response.end(body);
      return;
    }
    const headers: Record<string, string | readonly string[]> = {};
    for (let index = 0; index < fields.length; index += 2) {
      const [name = "", value = ""] = [fields[index], fields[index + 1]];
      const before = headers[name];
      headers[name] = before === undefined ? value : [before, value].flat();
    }
    void writePlanned(response, { status, headers, body });
  }

  #variantsOf(stored: StoredResponse): Variants {
    const known = this.#variants.get(stored);
    if (known !== undefined) return known;
    const { etag, vary } = this.#options;
    const { isPrivate } = this.#shareRules;
    const ofHandler = stored.cacheControl;
    const chosen = this.#cacheControl ?? ofHandler ?? "no-cache";
    const made = new Variants(stored, {
      isWeak: etag === "weak",
      cacheControl: isPrivate && !/(?:^|[,\s])private/i.test(chosen) ? privateOf(chosen) : chosen,
      vary: vary === undefined || vary.length === 0 ? undefined : vary.join(", ").toLowerCase(),
      compression: toCompressionSettings(this.#options.compression),
    });
    this.#variants.set(stored, made);
    return made;
  }

  #acceptedOf(header: string | string[] | undefined): AcceptedCodings | undefined {
    if (header === undefined) return undefined;
    const line = typeof header === "string" ? header : header.join(", ");
    const known = this.#accepted.get(line);
    if (known !== undefined) return known;
    const accepted = parseAcceptEncoding(line);
    if (this.#accepted.size >= MOST_ACCEPTED) this.#accepted.clear();
    this.#accepted.set(line, accepted);
    return accepted;
  }

  #warn(reason: string): void {
    if (this.#warned.has(reason) || this.#warned.size > 20) return;
    this.#warned.add(reason);
    this.#options.onWarning?.(new ResponseNotKeptError(this.#options.name, reason));
  }
}

const CONDITIONS = ["if-modified-since", "if-match", "if-unmodified-since"] as const;
const hasConditions = (headers: IncomingMessage["headers"]): boolean =>
  CONDITIONS.some((name) => headers[name] !== undefined);

/** Nothing that lets shared caches keep it. */
function privateOf(cacheControl: string): string {
  const rest = cacheControl
    .split(",")
    .map((directive) => directive.trim())
    .filter((directive) => !/^(?:public|s-maxage|proxy-revalidate)/i.test(directive));
  return ["private", ...rest].join(", ");
}

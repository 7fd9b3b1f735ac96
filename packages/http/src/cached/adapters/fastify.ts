import type { IncomingMessage, ServerResponse } from "node:http";
import { respond } from "../../send/respond.ts";
import { NodeRequest } from "../../send/node-request.ts";
import { writePlanned } from "../../send/write-planned.ts";
import type { Answer } from "../answer.ts";
import type { CachedOptions } from "../cached-options.ts";
import { checkOptions } from "../check-options.ts";
import { followLoad } from "../follow-load.ts";
import { overflowTo } from "../overflow.ts";
import type { Recorded } from "../recorded.ts";
import { RecordingResponse } from "../recording-response.ts";
import { countingParameters, type RequestKey, type RequestView } from "../request-key.ts";
import { type Asker, type RecordRules, RouteCache } from "../route-cache.ts";
import { isAlike, isLike, own, trackRequest } from "../tracked-request.ts";
import { type PropertyRules, trackedProperty, trackPersonal } from "../tracked-properties.ts";
import { headersOfRecorded } from "../unshared.ts";
import { hasBody } from "../has-body.ts";
import { nodeHeaders } from "../with-host.ts";
import { writeAnswer } from "../write-answer.ts";

/** What is used of a request of Fastify 5. */
export interface CachedFastifyRequest {
  readonly raw: IncomingMessage;
  readonly originalUrl: string;
  readonly query: unknown;
}

/** What is used of a reply of Fastify 5. */
export interface CachedFastifyReply {
  readonly raw: ServerResponse;
  readonly sent: boolean;
  readonly log: unknown;
  getHeaders(): Readonly<Record<string, string | number | readonly string[] | undefined>>;
  send(payload?: unknown): unknown;
  hijack(): unknown;
}

/** As a method, so that it may ask for the request and the reply of Fastify, which are more. */
type FastifyHandler = {
  handle(request: CachedFastifyRequest, reply: CachedFastifyReply): unknown;
}["handle"];

/**
 * `cached` of node:http for Fastify: a route handler whose responses are kept. What it gives has the type of the handler, which has that of the route: `(request, reply) => …` needs no types. Where an
 * option is a function of the request, name those of the handler: `(request: FastifyRequest, reply: FastifyReply) => …`.
 *
 * The handler gets a request and a reply of the same kind; what it returns or sends goes through serialisers and `onSend` hooks before it is kept. An answer from the cache takes the reply over
 * (`reply.hijack()`): `onSend` hooks do not run for it, `onResponse` hooks do, and fields set on the reply before are added to it.
 *
 * @throws {InvalidArgumentError} for options that there are not, or that contradict each other
 */
export function cached<Handle extends FastifyHandler>(
  options: CachedOptions<Parameters<Handle>[0]>,
  handler: Handle,
): Handle;
export function cached(
  options: CachedOptions<CachedFastifyRequest>,
  handler: FastifyHandler,
): FastifyHandler {
  checkOptions(options, handler);
  const route = new RouteCache(options, VIEW);
  const names = options.query === undefined ? undefined : new Set(options.query);
  // Fastify calls handlers on its instance.
  return function cachedHandler(this: unknown, request, reply) {
    const run = (...given: Parameters<FastifyHandler>): unknown =>
      Reflect.apply(handler, this, given);
    const found = route.find(request);
    if (found === undefined) return run(request, reply);
    const asker = new FastifyAsker(request, reply, run, names);
    return route
      .answer(found, asker)
      ?.then(() => asker.rest)
      .then(() => asker.past);
  };
}

const VIEW: RequestView<CachedFastifyRequest> = {
  methodOf: ({ raw }) => raw.method,
  headersOf: ({ raw }) => nodeHeaders(raw),
  hasBody: ({ raw }) => hasBody(raw),
  urlOf: ({ raw }) => raw.url ?? "/",
  originalUrlOf: ({ originalUrl }) => originalUrl,
  queryOf: ({ query }) => query,
};

class FastifyAsker<
  Request extends CachedFastifyRequest,
  Reply extends CachedFastifyReply,
> implements Asker<Request> {
  readonly request: Request;
  readonly #reply: Reply;
  readonly #handler: (request: Request, reply: Reply) => unknown;
  readonly #names: ReadonlySet<string> | undefined;
  isAnswered = false;
  /** What the handler gave when it ran past the cache: Fastify is to send it. */
  past: unknown = undefined;
  /** When all is written of an answer that was too large to be kept. */
  rest: Promise<void> | undefined;

  constructor(
    request: Request,
    reply: Reply,
    handler: (request: Request, reply: Reply) => unknown,
    names: ReadonlySet<string> | undefined,
  ) {
    this.request = request;
    this.#reply = reply;
    this.#handler = handler;
    this.#names = names;
  }

  async record(
    found: RequestKey,
    rules: RecordRules,
    onRead: (name: string) => void,
    signal: AbortSignal,
  ): Promise<Recorded | undefined> {
    const { raw } = this.request;
    // A hook of the HEAD routes that Fastify adds empties the body: what comes of it is no answer to a GET.
    if (raw.method === "HEAD") return undefined;
    const trackedRaw = trackRequest(raw, found, rules.headers, onRead);
    const { raw: response } = this.#reply;
    const overflow = overflowTo(this, raw, response, {
      prepare: () => this.#prepare(),
      take: () => this.#reply.hijack(),
    });
    const recording = new RecordingResponse(trackedRaw, response, rules, overflow, onRead);
    followLoad(trackedRaw, recording.response, raw);
    const made: unknown = Object.create(this.request, {
      ...trackPersonal(this.request, rules.headers, onRead),
      raw: own(trackedRaw),
      // It remembers that of the real request.
      originalUrl: own(found.originalUrl),
      query: own(countingParameters(this.request.query, this.#names)),
      ...("signal" in this.request ? { signal: own(signal) } : {}),
    });
    const request = isLike(this.request, made) ? made : this.request;
    const reply = replyLike(this.#reply, recording.response, request);
    trackReply(reply, this.#reply, rules.headers, onRead);
    return await new Promise((resolve, reject) => {
      const fail = (error: unknown): void => recording.fail(error);
      recording.response.on("error", fail);
      signal.addEventListener("abort", () => recording.leave(), { once: true });
      void recording.done
        .finally(() => {
          this.rest = recording.rest;
        })
        .then(resolve, reject);
      void this.#run(request, reply).catch(fail);
    });
  }

  /** As Fastify does it with what a handler gives. */
  async #run(request: Request, reply: Reply): Promise<void> {
    const given = this.#handler(request, reply);
    if (given === undefined || given === reply) return;
    const payload: unknown = await Promise.resolve(given);
    if (payload !== reply && !reply.sent) reply.send(payload);
  }

  send(answer: Answer): void {
    writeAnswer(this.#prepare(), answer);
    // Not before: what is refused, as a public response with a cookie is, goes to the error handler.
    this.#reply.hijack();
  }

  async sendUnshared(recorded: Recorded, body: Buffer): Promise<void> {
    const { status } = recorded;
    const headers = headersOfRecorded(recorded);
    const planned = await respond(new NodeRequest(this.request.raw), body, { status, headers });
    void writePlanned(this.#prepare(), planned);
    this.#reply.hijack();
  }

  runPast(): void {
    this.past = this.#handler(this.request, this.#reply);
  }

  /** @returns the response, with what was set on the reply, for this code to write to */
  #prepare(): ServerResponse {
    const { raw } = this.#reply;
    const before = this.#reply.getHeaders();
    for (const name in before) {
      const value = before[name];
      if (value !== undefined) raw.setHeader(name, value);
    }
    return raw;
  }
}

/** A reply of the same class, which knows what plugins decorate replies with, but has nothing set. */
function replyLike<Reply extends CachedFastifyReply>(
  reply: Reply,
  response: ServerResponse,
  request: unknown,
): Reply {
  const made: unknown = Reflect.construct(reply.constructor, [response, request, reply.log]);
  if (typeof made !== "object" || made === null || !isAlike(made, reply))
    throw new TypeError("no reply of Fastify 5");
  return made;
}

/** What each reply has of its own; all else is of hooks. */
const OF_EVERY_REPLY: ReadonlySet<string> = new Set(["raw", "request", "log"]);

/** Gives a reply what hooks have left on another. */
function trackReply(
  made: object,
  real: object,
  rules: PropertyRules,
  onRead: (name: string) => void,
): void {
  for (const name of Object.keys(real))
    if (!OF_EVERY_REPLY.has(name))
      Object.defineProperty(
        made,
        name,
        trackedProperty(real, name, `reply.${name}`, rules, onRead),
      );
}

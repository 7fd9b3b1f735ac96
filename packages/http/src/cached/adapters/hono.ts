import { type HonoContextLike, requestFacts, writePlanned } from "../../adapters/hono-context.ts";
import { respond } from "../../send/respond.ts";
import { type Answer, headersOf } from "../answer.ts";
import type { CachedOptions } from "../cached-options.ts";
import { checkOptions } from "../check-options.ts";
import type { Recorded } from "../recorded.ts";
import type { RequestKey, RequestView } from "../request-key.ts";
import { type Asker, type RecordRules, RouteCache } from "../route-cache.ts";
import { headersOfRecorded } from "../unshared.ts";
import { withHost } from "../with-host.ts";
import { trackContext } from "./hono-context.ts";
import { recordResponse } from "./hono-response.ts";

/** What is used of a context of Hono 4. */
export interface CachedHonoContext extends HonoContextLike {
  readonly req: HonoContextLike["req"] & {
    header(): Record<string, string>;
    header(name: string): string | undefined;
    readonly path: string;
    readonly raw: Request;
  };
  readonly env: unknown;
  readonly var: object;
  set(name: string, value: unknown): void;
}

/**
 * `cached` of node:http for Hono: a handler whose responses are kept.
 *
 * The handler gets a context of its own: what middleware has put into variables is in it, fields that middleware has set are not; they are added to the answer. Renderers set by `c.setRenderer` are not carried over.
 *
 * @throws {InvalidArgumentError} for options that there are not, or that contradict each other
 */
export function cached<Context extends CachedHonoContext>(
  options: CachedOptions<Context>,
  handler: (context: Context) => Response | Promise<Response>,
): (context: Context) => Promise<Response> {
  checkOptions(options, handler);
  const route = new RouteCache<Context>(options, VIEW);
  const isEachCounted = options.query === undefined;
  return async (context) => {
    const found = route.find(context);
    if (found === undefined) return await handler(context);
    const asker = new HonoAsker(context, handler, isEachCounted);
    await route.answer(found, asker);
    return await asker.response;
  };
}

const VIEW: RequestView<CachedHonoContext> = {
  methodOf: ({ req }) => req.method,
  headersOf: ({ req }) => withHost(req.header(), hostOf(req.url)),
  schemeOf: ({ req }) => req.url.slice(0, req.url.indexOf("/")),
  urlOf: (context) => requestFacts(context).url,
};

/** Handlers see it in the URL, also where there is no field for it: other runtimes have none, nor has HTTP/2. */
function hostOf(url: string): string | undefined {
  const start = url.indexOf("//") + 2;
  const end = url.indexOf("/", start);
  return start === 1 || end === -1 ? undefined : url.slice(start, end);
}

class HonoAsker<Context extends CachedHonoContext> implements Asker<Context> {
  readonly request: Context;
  readonly #handler: (context: Context) => Response | Promise<Response>;
  readonly #isEachCounted: boolean;
  isAnswered = false;
  response: Response | Promise<Response> = new Response(null, { status: 500 });

  constructor(
    context: Context,
    handler: (context: Context) => Response | Promise<Response>,
    isEachCounted: boolean,
  ) {
    this.request = context;
    this.#handler = handler;
    this.#isEachCounted = isEachCounted;
  }

  async record(
    { url }: RequestKey,
    { headers, mostBytes }: RecordRules,
    onRead: (name: string) => void,
    signal: AbortSignal,
  ): Promise<Recorded> {
    const { request: context } = this;
    const rules = { ...headers, isEachCounted: this.#isEachCounted };
    const { tracked, tags } = trackContext(context, url, rules, onRead, signal);
    const response = await this.#handler(tracked);
    const limits = { mostBytes, signal };
    return await recordResponse(response, tags, limits, (recorded, whole) => {
      if (this.isAnswered) return false;
      const { status } = recorded;
      const fields = headersOfRecorded(recorded);
      const body = context.req.method === "HEAD" ? undefined : whole;
      this.response = writePlanned(context, { status, headers: fields, body });
      this.isAnswered = true;
      return body !== undefined;
    });
  }

  send(answer: Answer): void {
    const { status, body } = answer;
    this.response = writePlanned(this.request, { status, headers: headersOf(answer), body });
  }

  async sendUnshared(recorded: Recorded, body: Buffer): Promise<void> {
    const { status } = recorded;
    const headers = headersOfRecorded(recorded);
    const planned = await respond(requestFacts(this.request), body, { status, headers });
    this.response = writePlanned(this.request, planned);
  }

  runPast(): void {
    this.response = this.#handler(this.request);
  }
}

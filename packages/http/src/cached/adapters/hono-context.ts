import { isPersonal } from "../tracked-properties.ts";
import { type HeaderRules, isAlike, trackHeaders } from "../tracked-request.ts";
import type { CachedHonoContext } from "./hono.ts";
import { openTags } from "../response-tags.ts";

/** What a handler may see. */
interface ContextRules extends HeaderRules {
  /** All parameters of the query are in the key. */
  readonly isEachCounted: boolean;
}

/** What was validated before, of the whole request. */
const VALIDATED: ReadonlySet<unknown> = new Set(["header", "cookie", "json", "form"]);

/**
 * A context like another with nothing set, whose request is a GET for the normalised target without what is negotiated on the entry.
 *
 * @param onRead - told of what was looked at although it is not in the key
 * @param signal - aborted when nobody waits for the handler, in place of that of one client
 */
export function trackContext<Context extends CachedHonoContext>(
  context: Context,
  url: string,
  rules: ContextRules,
  onRead: (name: string) => void,
  signal: AbortSignal,
): { readonly tracked: Context; readonly tags: ReadonlySet<string> } {
  const made: unknown = Reflect.construct(context.constructor, [
    context.req.raw,
    {
      env: trackEnvironment(context.env, rules, onRead),
      path: context.req.path,
      notFoundHandler: () => notFound(context, onRead),
    },
  ]);
  if (typeof made !== "object" || made === null || !isAlike<Context>(made, context))
    throw new TypeError("no context of Hono 4");
  const note = (name: string, value: unknown): unknown => {
    if (isPersonal(name, value, rules)) onRead(`the variable ${name}`);
    return value;
  };
  const given: object = context.var;
  for (const [name, value] of Object.entries(given)) made.set(name, value);
  const own = new Map<string, unknown>();
  Object.defineProperties(made, {
    req: { value: trackHonoRequest(context.req, url, rules, onRead, signal) },
    set: { value: (name: string, value: unknown) => void own.set(name, value) },
    get: {
      value: (name: string) =>
        own.has(name) ? own.get(name) : note(name, Reflect.get(given, name)),
    },
    var: {
      value: new Proxy(given, {
        get: (target, name) =>
          typeof name !== "string" || own.has(name)
            ? own.get(String(name))
            : note(name, Reflect.get(target, name)),
      }),
    },
  });
  return { tracked: made, tags: openTags(made) };
}

/** On Node it has the request itself, with all that is in it. */
function trackEnvironment(
  env: unknown,
  { isPrivate }: ContextRules,
  onRead: (name: string) => void,
): unknown {
  if (isPrivate || typeof env !== "object" || env === null || !("incoming" in env)) return env;
  const told = (name: string): PropertyDescriptor => ({
    get() {
      onRead(`env.${name}`);
      return Reflect.get(env, name);
    },
  });
  // The response knows its request.
  return Object.create(env, { incoming: told("incoming"), outgoing: told("outgoing") });
}

/** What the application answers for it sees the real context, all of it: it is for this request. */
function notFound(context: CachedHonoContext, onRead: (name: string) => void): unknown {
  onRead("c.notFound()");
  const answer: unknown = Reflect.apply(Reflect.get(context, "notFound"), context, []);
  return answer instanceof Promise
    ? answer.then((response: unknown) => withoutCookiesOf(context, response))
    : withoutCookiesOf(context, answer);
}

/** What was set on the context is added to each answer, and is in this one already. */
function withoutCookiesOf({ res }: CachedHonoContext, response: unknown): unknown {
  if (!(response instanceof Response)) return response;
  const set = new Set(res.headers.getSetCookie());
  const own = response.headers.getSetCookie().filter((cookie) => !set.has(cookie));
  response.headers.delete("set-cookie");
  for (const cookie of own) response.headers.append("set-cookie", cookie);
  return response;
}

function trackHonoRequest(
  request: CachedHonoContext["req"],
  url: string,
  rules: ContextRules,
  onRead: (name: string) => void,
  signal: AbortSignal,
): object {
  const origin = request.url.slice(0, request.url.indexOf("/", request.url.indexOf("//") + 2));
  const visible = trackHeaders(request.header(), rules, onRead);
  const at = url.indexOf("?");
  const query = new URLSearchParams(at === -1 ? "" : url.slice(at + 1));
  const everyQuery = (): Record<string, string> =>
    Object.fromEntries(Array.from(query.keys(), (name) => [name, query.get(name) ?? ""]));
  const everyList = (): Record<string, string[]> =>
    Object.fromEntries(Array.from(query.keys(), (name) => [name, query.getAll(name)]));
  const lists = (name: string): string[] | undefined => {
    const values = query.getAll(name);
    return values.length === 0 ? undefined : values;
  };
  const replaced: Readonly<Record<string, unknown>> = {
    method: "GET",
    url: `${origin}${url}`,
    header: (name?: string) => (name === undefined ? { ...visible } : visible[name.toLowerCase()]),
    query: (name?: string) => (name === undefined ? everyQuery() : (query.get(name) ?? undefined)),
    queries: (name?: string) => (name === undefined ? everyList() : lists(name)),
    valid(target: string): unknown {
      if (VALIDATED.has(target) || (target === "query" && !rules.isEachCounted))
        onRead(`request.valid(${target})`);
      return Reflect.apply(Reflect.get(request, "valid"), request, [target]);
    },
    raw: trackRaw(request.raw, `${origin}${url}`, visible, onRead, signal),
  };
  return facade(request, replaced);
}

/** A `Request` of the web. */
function trackRaw(
  raw: Request,
  url: string,
  visible: Readonly<Record<string, string | string[] | undefined>>,
  onRead: (name: string) => void,
  signal: AbortSignal,
): object {
  const valueOf = (name: string): string | null => visible[name.toLowerCase()]?.toString() ?? null;
  const tracked = new Proxy(raw.headers, {
    get(target, name) {
      if (name === "get") return valueOf;
      if (name === "has") return (header: string) => valueOf(header) !== null;
      onRead("*");
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  const clone = (): Request => {
    onRead("*");
    return raw.clone();
  };
  return facade(raw, { url, method: "GET", headers: tracked, clone, signal });
}

/** Some properties of a thing replaced; methods see the thing itself, so that they find what is private in it. */
function facade(thing: object, replaced: Readonly<Record<string, unknown>>): object {
  return new Proxy(thing, {
    get(target, name) {
      if (typeof name === "string" && Object.hasOwn(replaced, name)) return replaced[name];
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import type { RequestKey } from "./request-key.ts";
import { type PropertyRules, trackPersonal } from "./tracked-properties.ts";

/** Negotiated on the entry, so the handler must not answer to them. */
const NEGOTIATED: ReadonlySet<string> = new Set([
  "accept-encoding",
  "if-match",
  "if-modified-since",
  "if-none-match",
  "if-range",
  "if-unmodified-since",
  "range",
  "te",
]);
/** The host as HTTP/1 and HTTP/2 name it: in every key. */
const HOSTS: readonly string[] = ["host", ":authority"];
const HARMLESS: readonly string[] = [...HOSTS, "traceparent", "tracestate"];
export const CREDENTIALS: readonly string[] = ["authorization", "cookie", "proxy-authorization"];

/** What a handler may see, and what it looked at that is not in the key. */
export interface HeaderRules extends PropertyRules {
  readonly hidden: ReadonlySet<string>;
}

export function headerRules(options: {
  readonly vary?: readonly string[];
  readonly ignoreHeaders?: readonly string[];
  readonly isPublic: boolean;
  readonly isPrivate: boolean;
}): HeaderRules {
  const { vary = [], ignoreHeaders = [], isPublic, isPrivate } = options;
  const allowed = new Set(
    [...HARMLESS, ...vary, ...ignoreHeaders].map((name) => name.toLowerCase()),
  );
  // Without `public`, and where nobody is told apart, there are none: such requests go past the cache.
  if (!isPublic) for (const name of CREDENTIALS) allowed.add(name);
  const hidden = new Set([...NEGOTIATED, ...(isPublic ? CREDENTIALS : [])]);
  for (const name of allowed) hidden.delete(name);
  return { allowed, hidden, isPrivate };
}

/** Fields, telling of each that is looked at although it is not in the key; `*` for all. */
export function trackHeaders(
  all: IncomingHttpHeaders,
  { allowed, hidden }: HeaderRules,
  onRead: (name: string) => void,
): IncomingHttpHeaders {
  const visible: IncomingHttpHeaders = {};
  for (const name of Object.keys(all)) if (!hidden.has(name)) visible[name] = all[name];
  // As it is in the key.
  for (const name of HOSTS) {
    const host = visible[name];
    if (typeof host === "string") visible[name] = host.toLowerCase();
  }
  const note = (name: string | symbol): void => {
    if (typeof name === "string" && !allowed.has(name) && !hidden.has(name)) onRead(name);
  };
  return new Proxy(visible, {
    get(target, name) {
      note(name);
      return Reflect.get(target, name);
    },
    has(target, name) {
      note(name);
      return Reflect.has(target, name);
    },
    getOwnPropertyDescriptor(target, name) {
      note(name);
      return Reflect.getOwnPropertyDescriptor(target, name);
    },
    ownKeys(target) {
      onRead("*");
      return Reflect.ownKeys(target);
    },
  });
}

/**
 * The request as the handler of a cached route sees it: a GET for the normalised target, without the fields that are negotiated on the entry. Everything else is that of the request.
 *
 * @param onRead - told of each field that was looked at although it is not in the key; `*` for all
 */
export function trackRequest<Request extends IncomingMessage>(
  request: Request,
  { url, originalUrl }: Pick<RequestKey, "url" | "originalUrl">,
  rules: HeaderRules,
  onRead: (name: string) => void,
): Request {
  const told = (name: string, as = `request.${name}`): PropertyDescriptor => ({
    configurable: true,
    get: () => {
      onRead(as);
      return Reflect.get(request, name);
    },
  });
  const headers = trackHeaders(request.headers, rules, onRead);
  const tracked: unknown = Object.create(request, {
    ...trackPersonal(request, rules, onRead),
    headers: own(headers),
    url: own(url),
    method: own("GET"),
    ...("authority" in request
      ? {
          authority: own(headers[":authority"] ?? headers.host),
          scheme: told("scheme"),
          stream: told("stream"),
        }
      : {}),
    ...("originalUrl" in request ? { originalUrl: own(originalUrl) } : {}),
    rawHeaders: told("rawHeaders", "*"),
    headersDistinct: told("headersDistinct", "*"),
    // Streams compare what they are called on with what emits their events, which is the request itself.
    [Symbol.asyncIterator]: own(() => request[Symbol.asyncIterator]()),
  });
  return isLike(request, tracked) ? tracked : request;
}

/** Of the same class. */
export function isAlike<Thing extends object>(made: object, real: Thing): made is Thing {
  return Object.getPrototypeOf(made) === Object.getPrototypeOf(real);
}

/** Made of it by `Object.create`. */
export function isLike<Request extends object>(request: Request, made: unknown): made is Request {
  return typeof made === "object" && made !== null && Object.getPrototypeOf(made) === request;
}

export const own = (value: unknown): PropertyDescriptor => ({
  value,
  writable: true,
  configurable: true,
  enumerable: true,
});

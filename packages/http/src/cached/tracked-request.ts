import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import type { RequestKey } from "./request-key.ts";

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
/** What middleware makes of credentials: where nobody is told apart, it must not get into a response that others see. */
const DERIVED: readonly string[] = [
  "account",
  "auth",
  "cookies",
  "jwtPayload",
  "session",
  "signedCookies",
  "user",
];
const CONNECTION: readonly string[] = ["socket", "connection"];
/** Of a connection: who is at its other end. */
const PEER: ReadonlySet<string | symbol> = new Set([
  "authorized",
  "getPeerCertificate",
  "getPeerX509Certificate",
  "remoteAddress",
  "remoteFamily",
  "remotePort",
]);

export const CREDENTIALS: readonly string[] = ["authorization", "cookie", "proxy-authorization"];

/** What a handler may see, and what it looked at that is not in the key. */
export interface HeaderRules {
  /** In the key, or without influence. */
  readonly allowed: ReadonlySet<string>;
  readonly hidden: ReadonlySet<string>;
  /** Properties of the request that are for one person. */
  readonly personal: readonly string[];
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
  const personal = isPrivate ? [] : [...DERIVED, ...CONNECTION];
  return { allowed, hidden, personal: personal.filter((name) => !allowed.has(name)) };
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

/** Whether a value is for one person: what middleware has made of credentials, under one of the names that are usual for it. */
export function isPersonal(name: string, value: unknown, { personal }: HeaderRules): boolean {
  return personal.includes(name) && !isNothing(value);
}

/**
 * Properties that tell when something is in them and is looked at.
 *
 * @param onRead - told of `request.user`, say
 */
export function trackPersonal(
  from: object,
  { personal }: HeaderRules,
  onRead: (name: string) => void,
): PropertyDescriptorMap {
  const tracked: PropertyDescriptorMap = {};
  for (const name of personal) {
    if (!(name in from)) continue;
    tracked[name] = {
      configurable: true,
      get() {
        const value: unknown = Reflect.get(from, name);
        if (typeof value === "object" && value !== null && CONNECTION.includes(name))
          return trackPeer(value, name, onRead);
        if (!isNothing(value)) onRead(`request.${name}`);
        return value;
      },
      set(this: object, value: unknown) {
        Object.defineProperty(this, name, { value, writable: true, configurable: true });
      },
    };
  }
  return tracked;
}

function trackPeer(socket: object, name: string, onRead: (name: string) => void): object {
  return new Proxy(socket, {
    get(target, property) {
      if (PEER.has(property)) onRead(`request.${name}.${String(property)}`);
      return Reflect.get(target, property);
    },
  });
}

const isNothing = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  (typeof value === "object" && Object.keys(value).length === 0);

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
  const everything = (
    from: Request,
    name: "headersDistinct" | "rawHeaders",
  ): PropertyDescriptor => ({
    configurable: true,
    get: () => {
      onRead("*");
      return Reflect.get(from, name);
    },
  });
  const headers = trackHeaders(request.headers, rules, onRead);
  const tracked: unknown = Object.create(request, {
    ...trackPersonal(request, rules, onRead),
    headers: own(headers),
    url: own(url),
    method: own("GET"),
    ...("authority" in request ? { authority: own(headers[":authority"] ?? headers.host) } : {}),
    ...("originalUrl" in request ? { originalUrl: own(originalUrl) } : {}),
    rawHeaders: everything(request, "rawHeaders"),
    headersDistinct: everything(request, "headersDistinct"),
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

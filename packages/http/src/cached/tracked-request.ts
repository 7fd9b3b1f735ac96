import type { IncomingHttpHeaders, IncomingMessage } from "node:http";

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
const HARMLESS: readonly string[] = ["host", "traceparent", "tracestate"];

export const CREDENTIALS: readonly string[] = ["authorization", "cookie", "proxy-authorization"];

/** What a handler may see, and what it looked at that is not in the key. */
export interface HeaderRules {
  /** In the key, or without influence. */
  readonly allowed: ReadonlySet<string>;
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
  if (isPrivate) for (const name of CREDENTIALS) allowed.add(name);
  const hidden = new Set([...NEGOTIATED, ...(isPublic ? CREDENTIALS : [])]);
  for (const name of allowed) hidden.delete(name);
  return { allowed, hidden };
}

/**
 * The request as the handler of a cached route sees it: a GET for the normalised target, without the fields that are negotiated on the entry. Everything else is that of the request.
 *
 * @param onRead - told of each field that was looked at although it is not in the key; `*` for all
 */
export function trackRequest<Request extends IncomingMessage>(
  request: Request,
  url: string,
  { allowed, hidden }: HeaderRules,
  onRead: (name: string) => void,
): Request {
  const visible: IncomingHttpHeaders = {};
  for (const name of Object.keys(request.headers))
    if (!hidden.has(name)) visible[name] = request.headers[name];
  const note = (name: string | symbol): void => {
    if (typeof name === "string" && !allowed.has(name) && !hidden.has(name)) onRead(name);
  };
  const headers = new Proxy(visible, {
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
  const tracked: unknown = Object.create(request, {
    headers: { value: headers, writable: true, configurable: true, enumerable: true },
    url: { value: url, writable: true, configurable: true, enumerable: true },
    method: { value: "GET", writable: true, configurable: true, enumerable: true },
    rawHeaders: everything(request, "rawHeaders"),
    headersDistinct: everything(request, "headersDistinct"),
  });
  return isLike(request, tracked) ? tracked : request;
}

/** Made of it by `Object.create`. */
function isLike<Request extends object>(request: Request, made: unknown): made is Request {
  return typeof made === "object" && made !== null && Object.getPrototypeOf(made) === request;
}

import { IncomingMessage } from "node:http";
import { Socket } from "node:net";

const REQUEST = new IncomingMessage(new Socket());
/** What Node and frameworks give every request, and what says nothing of a person. */
const OF_EVERY_REQUEST: ReadonlySet<string> = new Set([
  ...Object.getOwnPropertyNames(REQUEST),
  // Of what parses and logs requests. No other name with a line before it is known: `__` translates, `_csrf` is for one form.
  "_body",
  "_parsedOriginalUrl",
  "_parsedUrl",
  "_startAt",
  "_startTime",
  "app",
  "baseUrl",
  "headers",
  "id",
  "isLightMyRequest",
  "log",
  "next",
  "originalUrl",
  "params",
  "raw",
  "requestId",
  "res",
  "route",
  "server",
  "startTime",
]);
/** Also where they are properties of its class. */
const DERIVED: readonly string[] = [
  "account",
  "auth",
  "cookies",
  "jwtPayload",
  "session",
  "signedCookies",
  "user",
];
const SYMBOLS_OF_NODE: ReadonlySet<symbol> = new Set(Object.getOwnPropertySymbols(REQUEST));
const CONNECTION: readonly string[] = ["socket", "connection", "client"];
/** Of a connection: who is at its other end, and how it got there. */
const PEER: ReadonlySet<string | symbol> = new Set([
  "alpnProtocol",
  "authorizationError",
  "authorized",
  "encrypted",
  "getPeerCertificate",
  "getPeerX509Certificate",
  "remoteAddress",
  "remoteFamily",
  "remotePort",
  "servername",
]);

/** Which properties a handler may read although what is in them may be for one person. */
export interface PropertyRules {
  /** Each person has responses of their own. */
  readonly isPrivate: boolean;
  /** In lower case. */
  readonly allowed: ReadonlySet<string>;
}

/**
 * Whether a value that middleware has left for the handler may be for one person: an account, a language, a form. Where nobody is told apart, it must not get into a response that others see.
 *
 * Any may be, as only the application knows what it makes of a request; what is the same for all can be named in `ignoreHeaders`.
 */
export function isPersonal(
  name: string | symbol,
  value: unknown,
  { isPrivate, allowed }: PropertyRules,
): boolean {
  return (
    !isPrivate &&
    !(
      typeof name === "string" &&
      (OF_EVERY_REQUEST.has(name) || allowed.has(name.toLowerCase()))
    ) &&
    !isNothing(name, value)
  );
}

/**
 * Properties of a request that tell when something is in them and is looked at.
 *
 * @param onRead - told of `request.user`, say
 */
export function trackPersonal(
  from: object,
  rules: PropertyRules,
  onRead: (name: string) => void,
): PropertyDescriptorMap {
  const tracked: PropertyDescriptorMap = {};
  if (rules.isPrivate) return tracked;
  for (const name of new Set([...DERIVED, ...Object.getOwnPropertyNames(from)]))
    if (name in from && !OF_EVERY_REQUEST.has(name))
      tracked[name] = trackedProperty(from, name, `request.${name}`, rules, onRead);
  // A request of HTTP/2 has some of its own, which cannot be told from those of middleware.
  if (!("stream" in from))
    for (const name of Object.getOwnPropertySymbols(from))
      if (!SYMBOLS_OF_NODE.has(name) && name.description?.startsWith("fastify.") !== true)
        tracked[name] = trackedProperty(from, name, `request[${String(name)}]`, rules, onRead);
  for (const name of CONNECTION)
    if (name in from && !rules.allowed.has(name))
      tracked[name] = {
        configurable: true,
        get: () => trackPeer(Reflect.get(from, name), name, onRead),
      };
  return tracked;
}

/** @param told - how the property is called for who is told */
export function trackedProperty(
  from: object,
  name: string | symbol,
  told: string,
  rules: PropertyRules,
  onRead: (name: string) => void,
): PropertyDescriptor {
  return {
    configurable: true,
    enumerable: true,
    get() {
      const value: unknown = Reflect.get(from, name);
      if (isPersonal(name, value, rules)) onRead(told);
      return value;
    },
    // What the handler puts there is its own.
    set(this: object, value: unknown) {
      Object.defineProperty(this, name, {
        value,
        writable: true,
        configurable: true,
        enumerable: true,
      });
    },
  };
}

/** What middleware has left for handlers and templates in `response.locals` of Express. What the handler adds is seen by it alone. */
export function trackLocals(
  locals: object,
  rules: PropertyRules,
  onRead: (name: string) => void,
): object {
  const tracked: object = Object.create(Object.getPrototypeOf(locals));
  for (const name of Object.keys(locals)) {
    const told = `response.locals.${name}`;
    Object.defineProperty(tracked, name, trackedProperty(locals, name, told, rules, onRead));
  }
  return tracked;
}

function trackPeer(socket: unknown, name: string, onRead: (name: string) => void): unknown {
  if (typeof socket !== "object" || socket === null) return socket;
  return new Proxy(socket, {
    get(target, property) {
      if (PEER.has(property)) onRead(`request.${name}.${String(property)}`);
      return Reflect.get(target, property);
    },
  });
}

/** What is not plain may have something in it that nobody sees, but for the sessions and cookies that middleware always makes. */
function isNothing(name: string | symbol, value: unknown): boolean {
  if (typeof value !== "object" || value === null) return value === undefined || value === null;
  const kind: unknown = Object.getPrototypeOf(value);
  const isPlain = kind === Object.prototype || kind === null || Array.isArray(value);
  return (isPlain || DERIVED.some((each) => each === name)) && Object.keys(value).length === 0;
}

import type { IncomingMessage } from "node:http";

const METHODS = [
  "addListener",
  "off",
  "on",
  "once",
  "prependListener",
  "prependOnceListener",
  "removeListener",
] as const;
const LEAVING: ReadonlySet<unknown> = new Set(["aborted", "close"]);

/**
 * Makes a request tell of the end of what is made for it, in place of that of its client.
 *
 * A handler that gives up when its client leaves would give up for all that wait for it, and each time when the client has an older response already.
 *
 * @param request - made of that of the client
 * @param response - that stands in for the real one
 */
export function followLoad(
  request: IncomingMessage,
  response: NodeJS.EventEmitter,
  real: IncomingMessage,
): void {
  for (const method of METHODS)
    Object.defineProperty(request, method, {
      configurable: true,
      writable: true,
      value(event: unknown, listener: unknown) {
        const emitter = LEAVING.has(event) ? response : real;
        Reflect.apply(emitter[method], emitter, [event, listener]);
        return request;
      },
    });
  for (const name of ["aborted", "destroyed"])
    Object.defineProperty(request, name, { configurable: true, writable: true, value: false });
}

import type { IncomingMessage } from "node:http";
import type { RequestFacts } from "../planned-response.ts";

/** The facts of a request of node:http. */
export class NodeRequest implements RequestFacts {
  readonly #request: IncomingMessage;
  readonly #url: string | undefined;

  /** @param url - where a framework has changed that of the request: the one that came */
  constructor(request: IncomingMessage, url?: string) {
    this.#request = request;
    this.#url = url;
  }

  get method(): string {
    return this.#request.method ?? "GET";
  }

  get url(): string {
    return this.#url ?? this.#request.url ?? "/";
  }

  header(name: string): string | undefined {
    const value = this.#request.headers[name];
    return typeof value === "object" ? value.join(", ") : value;
  }
}

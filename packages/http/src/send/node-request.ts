import type { IncomingMessage } from "node:http";
import type { RequestFacts } from "../planned-response.ts";

/** The facts of a request of node:http. */
export class NodeRequest implements RequestFacts {
  readonly #request: IncomingMessage;

  constructor(request: IncomingMessage) {
    this.#request = request;
  }

  get method(): string {
    return this.#request.method ?? "GET";
  }

  get url(): string {
    return this.#request.url ?? "/";
  }

  header(name: string): string | undefined {
    const value = this.#request.headers[name];
    return typeof value === "object" ? value.join(", ") : value;
  }
}

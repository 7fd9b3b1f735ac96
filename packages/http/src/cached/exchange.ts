import type { IncomingMessage, ServerResponse } from "node:http";

/** As Express has it: an error, or on to the next handler. */
export type Next = (error?: unknown) => void;

export type Handler<Request, Response> = (
  request: Request,
  response: Response,
  next: Next,
) => unknown;

/** A request and its answer. */
export class Exchange<Request extends IncomingMessage, Response extends ServerResponse> {
  readonly id: symbol = Symbol("exchange");
  readonly request: Request;
  readonly response: Response;
  readonly next: Next | undefined;
  /** The client has its answer, or is getting it: a load that goes on for others must leave the response alone. */
  isAnswered = false;

  constructor(request: Request, response: Response, next: Next | undefined) {
    this.request = request;
    this.response = response;
    this.next = next;
  }
}

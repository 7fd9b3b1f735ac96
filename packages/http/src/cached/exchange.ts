import type { IncomingMessage, ServerResponse } from "node:http";
import { breakOff } from "../send/break-off.ts";
import { respond } from "../send/respond.ts";
import { NodeRequest } from "../send/node-request.ts";
import { writePlanned } from "../send/write-planned.ts";
import type { Answer } from "./answer.ts";
import { followLoad } from "./follow-load.ts";
import { overflowTo } from "./overflow.ts";
import type { Recorded } from "./recorded.ts";
import { RecordingResponse } from "./recording-response.ts";
import type { RequestKey } from "./request-key.ts";
import type { Asker, RecordRules } from "./route-cache.ts";
import { trackRequest } from "./tracked-request.ts";
import { headersOfRecorded } from "./unshared.ts";
import { writeAnswer } from "./write-answer.ts";

/** As Express has it: an error, or on to the next handler. */
export type Next = (error?: unknown) => void;

export type Handler<Request, Response> = (
  request: Request,
  response: Response,
  next: Next,
) => unknown;

/** The handler passed a request on: nothing to keep, and nothing to send. */
class PassedOnError extends Error {}

/** A request of node:http or Express, and its answer. */
export class Exchange<
  Request extends IncomingMessage,
  Response extends ServerResponse,
> implements Asker<Request> {
  readonly request: Request;
  readonly response: Response;
  readonly #handler: Handler<Request, Response>;
  readonly #next: Next | undefined;
  isAnswered = false;
  /** When all is written of an answer that was too large to be kept. */
  rest: Promise<void> | undefined;

  constructor(
    request: Request,
    response: Response,
    next: Next | undefined,
    handler: Handler<Request, Response>,
  ) {
    this.request = request;
    this.response = response;
    this.#next = next;
    this.#handler = handler;
  }

  send(answer: Answer): void {
    writeAnswer(this.response, answer);
  }

  async runPast(): Promise<void> {
    const { request, response } = this;
    await this.#handler(request, response, this.#next ?? (() => response.end()));
  }

  /** @throws the error where nobody else is there to take it */
  async fail(error: unknown): Promise<void> {
    if (this.#next === undefined) throw error;
    if (error instanceof PassedOnError) {
      this.#next();
      return;
    }
    if (this.response.headersSent && !this.response.writableEnded) breakOff(this.response);
    this.#next(error);
  }

  async record(
    found: RequestKey,
    rules: RecordRules,
    onRead: (name: string) => void,
    signal: AbortSignal,
  ): Promise<Recorded | undefined> {
    const request = trackRequest(this.request, found, rules.headers, onRead);
    const overflow = overflowTo(this, this.request, this.response);
    const recording = new RecordingResponse(request, this.response, rules, overflow, onRead);
    followLoad(request, recording.response, this.request);
    Object.defineProperty(request, "res", { value: recording.response, writable: true });
    return await new Promise((resolve, reject) => {
      const fail = (error: unknown): void => recording.fail(error);
      const next = (error?: unknown): void =>
        fail(error === undefined ? new PassedOnError("passed on") : error);
      // Express takes it from here when it cannot render a view or read a file.
      Object.defineProperty(request, "next", { value: next, writable: true });
      signal.addEventListener("abort", () => recording.leave(), { once: true });
      recording.response.on("error", fail);
      void recording.done
        .finally(() => {
          this.rest = recording.rest;
        })
        .then(resolve, reject);
      let isDone = false;
      // Functions that middleware has put on the real response may close over it.
      const lookElsewhere = (): void => {
        const { writableFinished } = this.response;
        if (!isDone || !writableFinished || this.isAnswered || recording.response.headersSent)
          return;
        this.isAnswered = true;
        resolve(undefined);
      };
      this.response.once("finish", lookElsewhere);
      const run = async (): Promise<void> => {
        await this.#handler(request, recording.response, next);
        isDone = true;
        lookElsewhere();
      };
      void run().catch(fail);
    });
  }

  async sendUnshared(recorded: Recorded, body: Buffer): Promise<void> {
    const { status } = recorded;
    const headers = headersOfRecorded(recorded);
    const planned = await respond(new NodeRequest(this.request), body, { status, headers });
    if (!this.response.headersSent) await writePlanned(this.response, planned);
  }
}

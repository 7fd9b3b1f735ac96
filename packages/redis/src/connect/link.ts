import type { Argument, Reply } from "../redis.ts";
import type { Endpoint } from "./endpoint.ts";

export type Command = readonly [name: string, ...args: Argument[]];

/** One connection to one node, from its opening to its end. It neither reconnects nor queues nor repeats: whoever holds it decides about that. */
export interface Link {
  /** How many commands were answered, kept by whoever sends: a link that is asked and does not count on is silent. */
  replyCount: number;
  /** Rejects with what the client library rejects with; {@link Driver.failure} reads it. */
  send(command: Command, asBuffers: boolean): Promise<Reply>;
  /** Makes a reply that may have another shape one of RESP2; without it all are. Apart from `send`, where it would cost each call a promise. */
  readonly shape?: (name: string, reply: Reply) => Reply;
  /** Resolves when Redis has confirmed every channel. */
  subscribe(channels: readonly string[]): Promise<void>;
  /** Ends it at once and rejects what is on its way. Harmless when it has ended. */
  destroy(): void;
}

export interface OpeningLink extends Link {
  /** Resolves when it is connected and authenticated, which says nothing yet about loading. */
  readonly opened: Promise<unknown>;
}

export interface LinkEvents {
  /** It has ended, for whatever reason. Called once at most. */
  readonly onClose: () => void;
  /** Something went wrong; `onClose` follows where that ends it. */
  readonly onError: (error: unknown) => void;
  readonly onMessage: (message: string, channel: string) => void;
}

/** A client library, as far as links need one. */
export interface Driver {
  open(endpoint: Endpoint, events: LinkEvents): OpeningLink;
  failure(error: unknown): Failure;
}

/** Why a command got no reply. */
export type Failure =
  /** The server refused it, with this text. */
  | { readonly kind: "reply"; readonly text: string }
  /** It never left this process. */
  | { readonly kind: "unsent"; readonly reason: string }
  /** The connection ended before the reply; it may have run. */
  | { readonly kind: "lost"; readonly reason: string };

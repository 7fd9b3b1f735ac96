import type { Key, Reply } from "../redis.ts";
import type { Script } from "../script.ts";
import type { Command, Link } from "./link.ts";

/** One command from `send` to its settling. */
export class Call {
  // Its place among the deadlines: the lists run through the calls, so that adding and removing allocate nothing.
  previous: Call | undefined = undefined;
  next: Call | undefined = undefined;
  /** -1 while it is in none. */
  slot = -1;
  dueTick = 0;

  readonly command: Command;
  /** Decides the node; `null` where any will do. */
  readonly key: Key | null;
  readonly asBuffers: boolean;
  readonly timeoutMs: number;
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: unknown) => void;
  /** Of an EVALSHA: what to load where it is not known. */
  script: Script | undefined = undefined;
  /** One node, whatever the key says. */
  pin: Pin | undefined = undefined;
  /** The next time with ASKING before it. */
  isAsking = false;
  /** On this link without a reply; `undefined` while it waits, and then it has not run. */
  link: Link | undefined = undefined;
  /** What the link had answered when this was sent. */
  replyCountBefore = 0;
  isSettled = false;
  /** Only known once it has had to wait. */
  deadlineMs: number | undefined = undefined;
  /** While it waits. */
  waitUntilMs: number | undefined = undefined;
  /** With which words a node has put it off. */
  refusal: string | undefined = undefined;
  /** How often it has gone out again. */
  repeatCount = 0;
  stopListening: (() => void) | undefined = undefined;

  constructor(
    command: Command,
    key: Key | null,
    asBuffers: boolean,
    timeoutMs: number,
    resolve: (reply: Reply) => void,
    reject: (error: unknown) => void,
  ) {
    this.command = command;
    this.key = key;
    this.asBuffers = asBuffers;
    this.timeoutMs = timeoutMs;
    this.resolve = resolve;
    this.reject = reject;
  }

  get name(): string {
    return this.command[0];
  }
}

/** A node that a call must go to. */
export interface Pin {
  readonly link: Link | undefined;
  /** Why there is no link. */
  readonly lastFailure: string;
}

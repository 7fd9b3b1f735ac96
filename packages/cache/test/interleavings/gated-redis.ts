import { type Redis, RedisConnectionLostError, type Reply } from "@upshift/redis";
import type { MemoryRedisServer } from "@upshift/redis/testing";

/** One thing that may happen next. Two actions that do not touch the same thing may happen in either order to the same end. */
export interface Action {
  /** The same in every run that has the same history. */
  readonly label: string;
  /** The process in which it happens; none for what happens in Redis alone. */
  readonly process: string;
  readonly kind: "start" | "execute" | "reply" | "message" | "load" | "fail" | "commit" | "fault";
  /** What it touches in Redis: keys, or `*` for all. */
  readonly keys: readonly string[];
  run(): void;
}

/** Changes what the server does, so that a test can show that it would be seen. */
export type Sabotage = (command: readonly string[], apply: () => Reply) => Reply;

interface Call {
  readonly command: readonly string[];
  readonly apply: () => Reply;
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: unknown) => void;
  answer: (() => void) | undefined;
}

/** Commands of one connection to one node: executed in their order, answered in their order. */
interface Lane {
  readonly name: string;
  readonly calls: Call[];
}

interface Message {
  readonly text: string;
  readonly channel: string;
}

export interface GateOptions {
  /** Entries and the journal lie on different nodes: their commands overtake each other. */
  readonly isCluster: boolean;
  /** A command is answered as soon as it has run. */
  readonly isCoarse: boolean;
  /** Messages may be lost, doubled and overtake each other; commands and replies may be lost. */
  readonly hasFaults: boolean;
  readonly sabotage: Sabotage | undefined;
  readonly onExecuted: (process: string, command: readonly string[], reply: Reply) => void;
  readonly onDelivered: (process: string, text: string, channel: string) => void;
}

/** The connection of one process: nothing arrives, in either direction, until it is let through. */
export class GatedRedis {
  readonly redis: Redis;
  readonly #process: string;
  readonly #options: GateOptions;
  readonly #lanes = new Map<string, Lane>();
  readonly #receivers = new Set<(text: string, channel: string) => void>();
  #messages: Message[] = [];
  /** Everything passes at once, as before and after the schedule. */
  isOpen = true;

  constructor(server: MemoryRedisServer, process: string, options: GateOptions) {
    this.#process = process;
    this.#options = options;
    const connection = server.connect({
      timeoutMs: 250,
      intercept: (command, apply) => this.#intercept(command, apply),
    });
    this.redis = new Proxy(connection, {
      get: (target, name) => {
        if (name === "kind") return options.isCluster ? "cluster" : "single";
        if (name === "subscribe") return this.#subscribe(target);
        const member: unknown = Reflect.get(target, name, target);
        return typeof member === "function" ? member.bind(target) : member;
      },
    });
  }

  get pendingCount(): number {
    let count = this.#messages.length;
    for (const { calls } of this.#lanes.values()) count += calls.length;
    return count;
  }

  /** What may happen next on this connection. */
  actions(): readonly Action[] {
    const actions: Action[] = [];
    const { hasFaults } = this.#options;
    for (const lane of this.#lanes.values()) {
      const next = lane.calls.find(({ answer }) => answer === undefined);
      if (next !== undefined) {
        actions.push(
          this.#action("execute", `run ${lane.name}`, () => this.#pass(lane, next), next),
        );
        if (hasFaults)
          actions.push(
            this.#action("fault", `lose ${lane.name}`, () => this.#lose(lane, next), next),
          );
      }
      const [first] = lane.calls;
      const { answer } = first ?? {};
      if (first === undefined || answer === undefined) continue;
      actions.push(
        this.#action("reply", `answer ${lane.name}`, () => {
          lane.calls.shift();
          answer();
        }),
      );
      if (hasFaults)
        actions.push(this.#action("fault", `mute ${lane.name}`, () => this.#lose(lane, first)));
    }
    const heard = new Set<string>();
    for (const [index, { channel }] of this.#messages.entries()) {
      // In order, and in a cluster in that of the node that publishes.
      if (!hasFaults && heard.has(this.#options.isCluster ? channel : "")) continue;
      heard.add(this.#options.isCluster ? channel : "");
      actions.push(this.#action("message", `hear ${index}`, () => this.#hear(index, true)));
      if (!hasFaults) continue;
      actions.push(
        this.#action("fault", `drop ${index}`, () => void this.#messages.splice(index, 1)),
        this.#action("fault", `double ${index}`, () => this.#hear(index, false)),
      );
    }
    return actions;
  }

  /** Lets everything through that waits, in order. */
  open(): void {
    this.isOpen = true;
    for (const { calls } of this.#lanes.values())
      for (const call of calls.splice(0)) {
        if (call.answer === undefined) this.#execute(call);
        call.answer?.();
      }
    while (this.#messages.length > 0) this.#hear(0, true);
  }

  #action(kind: Action["kind"], what: string, run: () => void, call?: Call): Action {
    return {
      kind,
      label: `${this.#process} ${what}`,
      process: this.#process,
      keys: call === undefined ? [] : keysOf(call.command),
      run,
    };
  }

  #intercept(command: readonly string[], apply: () => Reply): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const call: Call = { command, apply, resolve, reject, answer: undefined };
      if (this.isOpen) {
        this.#execute(call);
        call.answer?.();
        return;
      }
      const name = this.#laneOf(command);
      const lane = this.#lanes.get(name) ?? { name, calls: [] };
      this.#lanes.set(name, lane);
      lane.calls.push(call);
    });
  }

  #laneOf(command: readonly string[]): string {
    if (!this.#options.isCluster) return "";
    const [key] = keysOf(command);
    if (key === undefined || key === "*") return "";
    return key.startsWith("{") ? "journal" : key;
  }

  #execute(call: Call): void {
    const { sabotage, onExecuted } = this.#options;
    try {
      const reply =
        sabotage === undefined ? call.apply() : sabotage(call.command, () => call.apply());
      call.answer = () => call.resolve(reply);
      onExecuted(this.#process, call.command, reply);
    } catch (error) {
      call.answer = () => call.reject(error);
    }
  }

  #pass(lane: Lane, call: Call): void {
    this.#execute(call);
    if (!this.#options.isCoarse) return;
    lane.calls.shift();
    call.answer?.();
  }

  #lose(lane: Lane, call: Call): void {
    lane.calls.splice(lane.calls.indexOf(call), 1);
    call.reject(new RedisConnectionLostError(call.command[0] ?? "", "lost by the test"));
  }

  #subscribe(connection: Redis): Redis["subscribe"] {
    return async (subscriber, options) => {
      const receive = (text: string, channel: string): void => subscriber.onMessage(text, channel);
      this.#receivers.add(receive);
      const subscription = await connection.subscribe(
        {
          channels: subscriber.channels,
          onMessage: (text, channel) => {
            this.#messages.push({ text, channel });
            if (this.isOpen) this.#hear(0, true);
          },
          onDown: () => {
            this.#messages = [];
            subscriber.onDown?.();
          },
          onUp: () => subscriber.onUp?.(),
        },
        options,
      );
      return {
        get isUp() {
          return subscription.isUp;
        },
        close: () => {
          this.#receivers.delete(receive);
          return subscription.close();
        },
      };
    };
  }

  #hear(index: number, isLast: boolean): void {
    const message = this.#messages[index];
    if (message === undefined) return;
    if (isLast) this.#messages.splice(index, 1);
    for (const receive of this.#receivers) receive(message.text, message.channel);
    this.#options.onDelivered(this.#process, message.text, message.channel);
  }
}

function keysOf(command: readonly string[]): readonly string[] {
  const [name = "", first = "", second = ""] = command;
  if (name === "EVALSHA") return command.slice(3, 3 + Number(second));
  if (name === "SCAN" || name === "SCRIPT") return ["*"];
  if (name === "UNLINK") return command.slice(1);
  return [first];
}

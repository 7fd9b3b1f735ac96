import type { Reply } from "../redis.ts";
import type { Hub } from "./memory-redis-server.ts";
import type { ServerReply } from "./server-reply.ts";

export interface Blocked {
  readonly reply: Promise<Reply>;
  readonly stop: () => void;
}

/**
 * Waits until a command that blocks has something to give, or its own time is over: it is tried again after every write, first come first served.
 *
 * @param decode - makes the reply, or throws
 */
export function blockedFor(
  hub: Hub,
  command: readonly string[],
  decode: (reply: ServerReply) => Reply,
): Blocked {
  const fixed = fixStreamIds(hub, command);
  let stop: (() => void) | undefined;
  const reply = new Promise<Reply>((resolve, reject) => {
    const settle = (given: ServerReply): void => {
      stop?.();
      try {
        resolve(decode(given));
      } catch (error) {
        reject(error);
      }
    };
    const retry = (): void => {
      // Out of the line while it is tried: what it does must not try it again.
      hub.waiting.delete(retry);
      const given = hub.execute(fixed);
      if (given === undefined) hub.waiting.add(retry);
      else settle(given);
    };
    const timeoutMs = blockTimeMs(fixed);
    const cancelTimer =
      timeoutMs === 0 ? undefined : hub.clock.after(timeoutMs, () => settle(null));
    stop = () => {
      hub.waiting.delete(retry);
      cancelTimer?.();
    };
    hub.waiting.add(retry);
  });
  return { reply, stop: () => stop?.() };
}

/** 0: for ever. */
function blockTimeMs(command: readonly string[]): number {
  if (command[0]?.toUpperCase() !== "XREAD") return Number(command.at(-1)) * 1_000;
  const block = command.findIndex((word) => word.toUpperCase() === "BLOCK");
  return Number(command[block + 1]);
}

/** `$` means what is last now, not what is last when it is tried again. */
function fixStreamIds(hub: Hub, command: readonly string[]): readonly string[] {
  if (command[0]?.toUpperCase() !== "XREAD") return command;
  const start = command.findIndex((word) => word.toUpperCase() === "STREAMS") + 1;
  const count = (command.length - start) / 2;
  return command.map((word, index) =>
    word === "$" && index >= start + count ? hub.lastStreamId(command[index - count] ?? "") : word,
  );
}

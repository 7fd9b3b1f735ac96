import { QueueBackedUpError } from "./queue-errors.ts";

/** Calls whose callers were told that they took too long, and that BullMQ's client still keeps for a backend that is away. */
export interface Backlog {
  /** @throws {QueueBackedUpError} when there are so many that one more is refused */
  assertRoom(): void;
  /** Counts it until it ends. */
  add(call: Promise<unknown>): void;
}

/** The client keeps every command until its server is back: without a limit an outage would be as long as memory lasts. */
const MOST_CALLS = 1_000;

export function createBacklog(queue: string): Backlog {
  let count = 0;
  const ended = (): void => {
    count -= 1;
  };
  return {
    assertRoom() {
      if (count >= MOST_CALLS) throw new QueueBackedUpError(queue, count);
    },
    add(call) {
      count += 1;
      call.then(ended, ended);
    },
  };
}

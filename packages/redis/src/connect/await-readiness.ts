import { delay, type TimerClock } from "@upshift/foundation";
import type { Driver, Link } from "./link.ts";

/** Replies of a server that is there and cannot serve yet: it loads its data, has lost its master, or runs a long script. */
const NOT_YET = /^(?:LOADING|MASTERDOWN|BUSY)\b/;
const POLL_MS = 50;

/**
 * Resolves when the node serves commands.
 *
 * @param note - told why it does not yet
 * @throws what PING is refused with: NOAUTH, for one
 */
export async function awaitReadiness(
  link: Link,
  driver: Driver,
  clock: TimerClock,
  note: (reason: string) => void,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    try {
      await link.send(["PING"], false);
      return;
    } catch (error) {
      const failure = driver.failure(error);
      const text = failure.kind === "reply" ? failure.text : "";
      // A user who may not PING may still do his work.
      if (text.startsWith("NOPERM")) return;
      if (!NOT_YET.test(text)) throw error;
      note(text);
    }
    await delay(clock, POLL_MS, signal);
  }
}

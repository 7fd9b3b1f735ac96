import type { Queryable } from "./queryable.ts";
import { isCutOff } from "./socket.ts";

/** What pg's client tells of its state. */
interface ReadyState {
  /** False from the moment a statement is sent until the server says that it is ready for the next one. */
  readonly readyForQuery: boolean;
  once(event: "drain" | "end" | "error", listener: () => void): unknown;
  removeListener(event: "drain" | "end" | "error", listener: () => void): unknown;
}

const EVENTS = ["drain", "end", "error"] as const;

/**
 * Resolves when the connection runs nothing any more. pg reports a failed statement before the server has said which state it left the
 * connection in; only after this is that state to be trusted.
 *
 * @returns `undefined` when that is so already, or the driver does not tell; also when the connection is gone, whose last event may have been before
 *   its last statement's failure
 */
export function untilReady(driver: Queryable): Promise<void> | undefined {
  if (!hasReadyState(driver) || driver.readyForQuery || isCutOff(driver)) return undefined;
  return new Promise((resolve) => {
    const done = (): void => {
      for (const event of EVENTS) driver.removeListener(event, done);
      resolve();
    };
    for (const event of EVENTS) driver.once(event, done);
  });
}

function hasReadyState(driver: object): driver is ReadyState {
  return (
    "readyForQuery" in driver &&
    typeof driver.readyForQuery === "boolean" &&
    "once" in driver &&
    typeof driver.once === "function"
  );
}

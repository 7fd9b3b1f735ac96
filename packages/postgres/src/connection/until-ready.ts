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
 * True when the connection runs nothing, is gone, or its driver does not tell. pg reports a failed statement before the server has said which state
 * it left the connection in; only after this is that state to be trusted.
 */
export function isReady(driver: Queryable): boolean {
  // The last event of a connection that is gone may have been before its last statement's failure.
  return !hasReadyState(driver) || driver.readyForQuery || isCutOff(driver);
}

/** Resolves when `isReady`. @returns `undefined` when it is so already */
export function untilReady(driver: Queryable): Promise<void> | undefined {
  if (!hasReadyState(driver) || isReady(driver)) return undefined;
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

import { setTimeout as delay } from "node:timers/promises";

const POLL_MS = 5;

/** Asks until it is so. A condition that never comes is ended by the test's own timeout. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await delay(POLL_MS);
}

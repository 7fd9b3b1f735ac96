import { isOverWithin } from "./bounded.ts";

/** What of BullMQ's classes is needed to let go of a server that does not answer. */
export interface Closable {
  close(): Promise<void>;
  disconnect(): Promise<void>;
  readonly backend: { close(force?: boolean): Promise<void> };
}

const LAST_WORD_MS = 1_000;

/** Closes in order, and where the server does not answer in time without it. */
export async function closeBounded(target: Closable, timeoutMs: number): Promise<void> {
  const closed = target.close().catch(() => undefined);
  if (!(await isOverWithin(closed, timeoutMs))) await abandon(target);
}

/** Gives up the connections: one that never came about by `close`, one that has gone by `disconnect`. */
export async function abandon(target: Closable): Promise<void> {
  const ends = [target.backend.close(true), target.disconnect()];
  await isOverWithin(Promise.allSettled(ends), LAST_WORD_MS);
}

/** BullMQ renews the locks of handlers that go on for ever, and has no way to tell it not to. */
export async function stopRenewing(worker: object): Promise<void> {
  const manager: unknown = Reflect.get(worker, "lockManager");
  if (typeof manager !== "object" || manager === null || !("close" in manager)) return;
  const { close } = manager;
  if (typeof close === "function") await close.call(manager);
}

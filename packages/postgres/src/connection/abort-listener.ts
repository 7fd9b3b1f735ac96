import { setMaxListeners } from "node:events";

/**
 * Calls `run` once when the signal is aborted; not when it is already.
 *
 * @returns lets go of the signal, which may live as long as the application
 */
export function listenForAbort(signal: AbortSignal, run: () => void): () => void {
  allowManyListeners(signal);
  signal.addEventListener("abort", run, { once: true });
  return () => signal.removeEventListener("abort", run);
}

/** One signal for a whole application, as for its shutdown, is listened to by every call under way. Node takes more than ten for a leak and says so. */
function allowManyListeners(signal: AbortSignal): void {
  try {
    setMaxListeners(0, signal);
  } catch {
    // Not Node's own signal, so not its warning either.
  }
}

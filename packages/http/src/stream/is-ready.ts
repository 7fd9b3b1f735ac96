/**
 * Whether a promise settles before the event loop has gone on: what is made of things at hand does, what waits for a server or a timer does not.
 *
 * Never rejects; who asks awaits the promise itself after it.
 */
export function isReady(promise: Promise<unknown>): Promise<boolean> {
  return new Promise((resolve) => {
    const later = setImmediate(() => resolve(false));
    const settle = (): void => {
      clearImmediate(later);
      resolve(true);
    };
    promise.then(settle, settle);
  });
}

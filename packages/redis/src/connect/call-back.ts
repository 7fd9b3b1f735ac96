/** Calls a caller's function. What it throws is its own affair: it must not unwind the reading of a connection, and comes up as an uncaught exception. */
export function callBack(run: () => void): void {
  try {
    run();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}

/** What the caller does with an error must not end what goes on beside it: a worker would take no more jobs. */
export function tell(onError: ((error: unknown) => void) | undefined, error: unknown): void {
  try {
    onError?.(error);
  } catch {
    // There is nobody else to tell.
  }
}

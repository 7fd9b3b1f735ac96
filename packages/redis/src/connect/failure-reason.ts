/** Lower case in front keeps the sentence; a client library's errors carry the arguments of commands, so only their text is taken. */
export function failureReason(error: unknown): string {
  if (error === undefined || error === null) return "the connection was closed";
  if (error instanceof AggregateError && error.errors.length > 0)
    return failureReason(error.errors[0]);
  const text = error instanceof Error ? error.message : "";
  return withoutEcho(text) || "the connection was closed";
}

/** Redis repeats what it was sent in some of its errors: values, and passwords. */
export function withoutEcho(reply: string): string {
  return reply.replace(/,? with args beginning with:.*$/s, "").trim();
}

/** What an answer depends on, whatever the framework. */
export interface RequestFacts {
  readonly method: string;
  /** Path and query, as they came. */
  readonly url: string;
  /** @param name - in lower case. @returns the fields of that name, joined with `, ` as RFC 9110 5.3 says; `undefined` when there is none */
  header(name: string): string | undefined;
}

/** An answer, before a framework sends it. A HEAD request gets the head of it. */
export interface PlannedResponse {
  readonly status: number;
  /** Names in lower case, each once; several fields of a name as a list. */
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  /** Nothing for 204, 304 and HEAD. */
  readonly body: Uint8Array | AsyncIterable<Uint8Array> | undefined;
}

const TAGS = Symbol.for("upshift.http.tags");

/**
 * Tags of the response that a handler of {@link cached} is making: `cache.invalidate(tag(…))` removes it. Without effect elsewhere.
 */
export function responseTags(response: object, ...tags: readonly string[]): void {
  const noted: unknown = Reflect.get(response, TAGS);
  if (noted instanceof Set) for (const tag of tags) noted.add(tag);
}

/** Opens a response for {@link responseTags}. @returns what is added */
export function openTags(response: object): ReadonlySet<string> {
  const tags = new Set<string>();
  Object.defineProperty(response, TAGS, { value: tags });
  return tags;
}

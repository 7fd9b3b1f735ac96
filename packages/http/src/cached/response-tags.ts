const TAGS = Symbol.for("upshift.http.tags");

/**
 * Tags of the response that a handler of {@link cached} is making: `cache.invalidate(tag(…))` removes it. Without effect elsewhere.
 *
 * @param response - as the handler has it: a response, a reply of Fastify, a context of Hono
 */
export function responseTags(response: object, ...tags: readonly string[]): void {
  const noted = notedBy(response) ?? notedBy(Reflect.get(response, "raw"));
  if (noted !== undefined) for (const tag of tags) noted.add(tag);
}

function notedBy(response: unknown): Set<string> | undefined {
  if (typeof response !== "object" || response === null) return undefined;
  const noted: unknown = Reflect.get(response, TAGS);
  return noted instanceof Set ? noted : undefined;
}

/** Opens a response for {@link responseTags}. @returns what is added */
export function openTags(response: object): ReadonlySet<string> {
  const tags = new Set<string>();
  Object.defineProperty(response, TAGS, { value: tags });
  return tags;
}

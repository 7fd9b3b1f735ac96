/** One thing that was invalidated, as the journal tells it. */
export type News =
  /** Removed; nothing may be stored for `holdMs`. */
  | readonly [kind: "key", definition: string, key: string, holdMs: number]
  /** Another value was stored. */
  | readonly [kind: "set", definition: string, key: string]
  /** Good only for when a load fails. */
  | readonly [kind: "expire", definition: string, key: string]
  /** Everything with the tag whose load began before; the tag as `tag-times.ts` writes it. */
  | readonly [kind: "tag", tag: string]
  /** A glob over `definition:key`; what matched is gone from Redis. */
  | readonly [kind: "pattern", pattern: string];

export interface Message {
  /** Process that sent it. */
  readonly from: string;
  readonly news: readonly News[];
  /** The sender waits until all have acted on it. */
  readonly isAcknowledged: boolean;
}

export function writeMessage({ from, news, isAcknowledged }: Message): string {
  return JSON.stringify([from, isAcknowledged ? 1 : 0, ...news]);
}

/** @returns `undefined` for what is no message: of a later version, perhaps */
export function readMessage(text: string): Message | undefined {
  let parts: unknown;
  try {
    parts = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!Array.isArray(parts)) return undefined;
  const [from, isAcknowledged, ...rest] = parts;
  const news = rest.filter(isNews);
  if (typeof from !== "string" || news.length !== rest.length) return undefined;
  return { from, isAcknowledged: isAcknowledged === 1, news };
}

const LENGTHS: Readonly<Record<News[0], number>> = {
  key: 4,
  set: 3,
  expire: 3,
  tag: 2,
  pattern: 2,
};

function isNews(value: unknown): value is News {
  if (!Array.isArray(value)) return false;
  const [kind, ...facts] = value;
  if (!Object.hasOwn(LENGTHS, kind)) return false;
  const texts = kind === "key" ? facts.slice(0, 2) : facts;
  return (
    Object.entries(LENGTHS).some(([name, length]) => name === kind && value.length === length) &&
    texts.every((text) => typeof text === "string") &&
    (kind !== "key" || typeof facts[2] === "number")
  );
}

import type { Reply } from "@upshift/redis";
import { type Message, readMessage } from "./news.ts";

export interface JournalEntry {
  readonly clock: number;
  readonly number: number;
  readonly message: Message;
}

/** What XRANGE gives of the log, up to the first entry that cannot be read. */
export function parseEntries(reply: Reply): readonly JournalEntry[] {
  const entries: JournalEntry[] = [];
  for (const entry of Array.isArray(reply) ? reply : []) {
    const [id, fields] = Array.isArray(entry) ? entry : [];
    const [, number, , body] = Array.isArray(fields) ? fields : [];
    const message = readMessage(String(body));
    if (message === undefined) break;
    entries.push({ clock: Number(String(id).split("-")[0]), number: Number(number), message });
  }
  return entries;
}

/** A sorted set WITHSCORES. */
export function pairs(
  reply: Reply | undefined,
): readonly (readonly [member: string, score: number])[] {
  const flat = Array.isArray(reply) ? reply : [];
  return Array.from({ length: flat.length / 2 }, (_, index) => [
    String(flat[2 * index]),
    Number(flat[2 * index + 1]),
  ]);
}

import type { Announced, Journal, JournalReader } from "./journal.ts";
import type { News } from "./news.ts";

/** Without Redis: this process is all there is. */
export class LocalJournal implements Journal {
  readonly #reader: JournalReader;
  clock = 0;
  readonly trustedUntilMs: number = Number.POSITIVE_INFINITY;
  readonly isInSync: boolean = true;

  constructor(reader: JournalReader) {
    this.#reader = reader;
  }

  announce(news: readonly News[]): Promise<Announced> {
    this.clock += 1;
    this.#reader.onNews(news, this.clock, true);
    return Promise.resolve({ clock: this.clock, heard: undefined });
  }

  sync(): Promise<boolean> {
    return Promise.resolve(true);
  }

  confirm(): Promise<boolean> {
    return Promise.resolve(true);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

import { Client } from "pg";

/** A few connections that share work. */
export interface Lanes {
  one(work: (client: Client) => Promise<void>): Promise<void>;
  /** Every item once, each on whatever lane is free; resolves when all are done. */
  each<Item>(
    items: readonly Item[],
    work: (client: Client, item: Item) => Promise<void>,
  ): Promise<void>;
}

/**
 * Opens `count` connections for the time of `body`. An abort cancels what they are doing by closing them.
 *
 * @throws the reason of `signal` when aborted, else the first error of the work
 */
export async function runLanes(
  url: string,
  count: number,
  signal: AbortSignal | undefined,
  body: (lanes: Lanes) => Promise<void>,
): Promise<void> {
  signal?.throwIfAborted();
  const clients = Array.from({ length: count }, () => new Client({ connectionString: url }));
  // A connection that breaks makes its query fail; without a listener it would end the process.
  for (const client of clients) client.on("error", () => {});
  const abort = new AbortController();
  const cut = (): void => {
    abort.abort();
    for (const client of clients) void client.end().catch(() => {});
  };
  signal?.addEventListener("abort", cut, { once: true });
  try {
    await Promise.all(clients.map((client) => client.connect()));
    await body({
      async one(work) {
        const [first] = clients;
        if (first !== undefined) await work(first);
      },
      async each(items, work) {
        const queue = items.values();
        await Promise.all(
          clients.map(async (client) => {
            for (const item of queue) {
              if (abort.signal.aborted) return;
              await work(client, item);
            }
          }),
        );
      },
    });
    signal?.throwIfAborted();
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener("abort", cut);
    await Promise.allSettled(clients.map((client) => client.end()));
  }
}

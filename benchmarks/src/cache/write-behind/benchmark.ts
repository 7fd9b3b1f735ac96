import { createCache, writeBehind } from "@upshift/cache";
import { createPool, upsertMany } from "@upshift/postgres";
import { connectRedis } from "@upshift/redis";
import { startPostgres, startRedis } from "@upshift/services";
import {
  atMost,
  type Benchmark,
  type Contestant,
  type PreparedBenchmark,
} from "../../harness/benchmark.ts";

const ROWS = 1_000;
const CALLERS = 64;
/** Also in a quick run: the more within a second, the more of them come to the same rows. */
const CHANGES = 20_000;

const DIRECT = "an UPDATE per change";
const BEHIND = "write-behind, until all is in the database";

/** What changes of hot rows cost the database when each is written, and when they are written behind. Both end with the same rows. */
export const benchmark: Benchmark = {
  name: "cache/write-behind",
  title: `Views of ${ROWS} articles, by popularity (zipf), set by ${CALLERS} callers`,
  async prepare({ signal, note }): Promise<PreparedBenchmark> {
    note("starts PostgreSQL and Redis");
    const [postgres, server] = await Promise.all([
      startPostgres({ signal }),
      startRedis({ signal, settings: { appendonly: "yes", appendfsync: "everysec" } }),
    ]);
    const db = createPool({ primary: postgres.url(), max: 10 });
    const redis = connectRedis(server.url);
    const cache = createCache({ namespace: "bench", redis });
    const articles = cache.define<string, { readonly views: number }>("article", {
      policy: { ttl: "1h" },
      write: writeBehind(
        async (batch) => {
          const rows = batch.map(({ key, value, sequence }) => ({ id: key, ...value, sequence }));
          await upsertMany(db, "article", rows, { conflict: ["id"] });
        },
        { maxDelay: "1s" },
      ),
    });
    await db.query(
      "CREATE TABLE article (id text PRIMARY KEY, views int NOT NULL, sequence bigint NOT NULL DEFAULT 0)",
    );
    await db.query(
      `INSERT INTO article (id, views) SELECT number::text, 0 FROM generate_series(0, ${ROWS - 1}) number`,
    );
    const keys = zipfKeys(CHANGES);
    /** Of the database, per change, in each round. */
    const walBytes = { direct: new Array<number>(), behind: new Array<number>() };
    const walPosition = async (): Promise<number> => {
      const { rows } = await db.query("SELECT pg_current_wal_insert_lsn() - '0/0' AS bytes");
      return Number(rows[0]?.["bytes"]);
    };
    const contestant = (
      label: string,
      noted: number[],
      set: (key: string, views: number) => Promise<unknown>,
      end: () => Promise<unknown>,
    ): Contestant => ({
      label,
      async run(round) {
        const before = await walPosition();
        let next = 0;
        const caller = async (): Promise<void> => {
          for (let index = next++; index < CHANGES; index = next++)
            await set(keys[index] ?? "0", round * CHANGES + index + 1);
        };
        await Promise.all(Array.from({ length: CALLERS }, caller));
        await end();
        noted.push(((await walPosition()) - before) / CHANGES);
        const { rows } = await db.query("SELECT max(views)::int AS views FROM article");
        return rows[0]?.["views"];
      },
      check(views, round) {
        if (views !== (round + 1) * CHANGES) throw new Error(`the last views are ${String(views)}`);
      },
    });
    return {
      rounds: 7,
      contestants: [
        contestant(
          DIRECT,
          walBytes.direct,
          (key, views) => db.query("UPDATE article SET views = $2 WHERE id = $1", [key, views]),
          async () => {},
        ),
        contestant(
          BEHIND,
          walBytes.behind,
          (key, views) => articles.set(key, { views }),
          async () => await articles.pending?.flush(),
        ),
      ],
      claims() {
        const gauges = articles.pending?.gauges();
        const { writtenCount = 0, coveredCount = 0, callCount = 0 } = gauges ?? {};
        return [
          atMost("rows that the database writes per change", 0.25, writtenCount / coveredCount),
          atMost("statements that it runs per change", 0.02, callCount / coveredCount),
          atMost(
            "bytes of its log, as a share of those of an UPDATE per change",
            0.25,
            median(walBytes.behind) / median(walBytes.direct),
          ),
        ];
      },
      async close() {
        await cache.close();
        await Promise.all([db.close(), redis.close()]);
        await Promise.all([postgres.stop(), server.stop()]);
      },
    };
  },
};

/** Ranks by 1 / rank, from a fixed seed. */
function zipfKeys(count: number): readonly string[] {
  const sums: number[] = [];
  let total = 0;
  for (let rank = 1; rank <= ROWS; rank += 1) sums.push((total += 1 / rank));
  let state = 42;
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const drawn = (state / 2 ** 32) * total;
    return String(sums.findIndex((sum) => sum >= drawn));
  });
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}

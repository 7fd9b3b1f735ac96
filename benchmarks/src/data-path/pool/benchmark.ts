import { createPool } from "@upshift/postgres";
import { startPostgres } from "@upshift/services";
import { Pool } from "pg";
import { atMost, type Benchmark } from "../../harness/benchmark.ts";

const PLAIN = "pg.Pool query";
const OURS = "createPool query";
const PLAIN_ERRORS = "pg.Pool query, one in ten fails";
const OURS_ERRORS = "createPool query, one in ten fails";

const CALLERS = 10;
const QUERIES_PER_CALLER = 40;
const ROWS = 10_000;
/** Longer than the default: a machine that measures may be busy. */
const CONNECT_WITHIN_MS = 30_000;

interface Queries {
  query(text: string, values: unknown[]): Promise<{ readonly rows: { readonly n: number }[] }>;
}

/** What the pool's limits, gauges and checks cost per query, beside the pool below it as it is. */
export const benchmark: Benchmark = {
  name: "data-path/pool",
  title: "Point queries through createPool and through pg.Pool",
  async prepare({ signal, note }) {
    const server = await startPostgres({ signal });
    // Without a timeout its callers would wait for ever, and its queries be a timer cheaper.
    const plain = new Pool({
      connectionString: server.url(),
      max: CALLERS,
      connectionTimeoutMillis: CONNECT_WITHIN_MS,
    });
    const ours = createPool({
      primary: server.url(),
      max: CALLERS,
      connectionTimeout: CONNECT_WITHIN_MS,
    });
    const close = async (): Promise<void> => {
      await Promise.all([plain.end(), ours.close()]);
      await server.stop();
    };
    try {
      note("loading rows");
      await plain.query(
        `CREATE TABLE item AS SELECT n, 'item ' || n AS name FROM generate_series(1, ${ROWS}) n`,
      );
      await plain.query("CREATE UNIQUE INDEX ON item (n); ANALYZE item");
      await plain.query("VACUUM item");
      return {
        rounds: 100,
        contestants: [
          { label: PLAIN, run: (round) => ask(plain, round), check: assertAll },
          { label: OURS, run: (round) => ask(ours, round), check: assertAll },
          { label: PLAIN_ERRORS, run: (round) => askWithErrors(plain, round), check: assertAll },
          { label: OURS_ERRORS, run: (round) => askWithErrors(ours, round), check: assertAll },
        ],
        claims: (samples) => [
          atMost(
            "a query through createPool takes at most 1.1x the CPU of one through pg.Pool",
            1.1,
            samples.cpuRatio(OURS, PLAIN).median,
          ),
          atMost(
            "where one statement in ten fails, createPool takes at most half the time: it keeps the connection",
            0.5,
            samples.ratio(OURS_ERRORS, PLAIN_ERRORS).median,
          ),
        ],
        close,
      };
    } catch (error) {
      await close();
      throw error;
    }
  },
};

async function ask(db: Queries, round: number): Promise<number> {
  return inParallel(async (caller, step) => {
    const n = 1 + ((round * 7919 + caller * 104_729 + step * 31) % ROWS);
    const { rows } = await db.query("SELECT n, name FROM item WHERE n = $1", [n]);
    return rows[0]?.n === n;
  });
}

async function askWithErrors(db: Queries, round: number): Promise<number> {
  return inParallel(async (caller, step) => {
    const n = 1 + ((round * 7919 + caller * 104_729 + step * 31) % ROWS);
    const divisor = step % 10 === 0 ? 0 : 1;
    const result = db.query("SELECT n, n / $2::int FROM item WHERE n = $1", [n, divisor]);
    if (divisor === 1) return (await result).rows[0]?.n === n;
    return result.then(
      () => false,
      () => true,
    );
  });
}

/** @returns how many answers were right */
async function inParallel(
  one: (caller: number, step: number) => Promise<boolean>,
): Promise<number> {
  let rightCount = 0;
  const callers = Array.from({ length: CALLERS }, async (_, caller) => {
    for (let step = 0; step < QUERIES_PER_CALLER; step += 1)
      if (await one(caller, step)) rightCount += 1;
  });
  await Promise.all(callers);
  return rightCount;
}

function assertAll(result: unknown): void {
  if (result !== CALLERS * QUERIES_PER_CALLER) throw new Error(`${String(result)} right answers`);
}

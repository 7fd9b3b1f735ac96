import { type Cursors, cursors, keyset, type KeysetOptions } from "@upshift/postgres";
import { startPostgres } from "@upshift/services";
import { Client, Pool } from "pg";
import { atMost, type Benchmark } from "../../harness/benchmark.ts";
import { type IdRow, kyselyPage } from "./kysely-pages.ts";
import { loadPosts } from "./posts.ts";

const PAGE_ROWS = 20;
const SHALLOW = 10;
/** Steps to the depth; no page of an application has as many. */
const STEP_ROWS = 50_000;

const COLUMNS = "id, created_at, score, title, author_id";
const BY_TIME: KeysetOptions["order"] = [["created_at", "desc"]];
/** Nullable and in mixed directions: several ranges. */
const BY_SCORE: KeysetOptions["order"] = [
  ["score", "desc", { nulls: "last" }],
  ["id", "asc"],
];

/** Whether a page deep inside of a table costs what the first ones cost. */
export const benchmark: Benchmark = {
  name: "data-path/keyset",
  title: "A page of 20 rows at a depth of 10 and of a million",
  async prepare({ quick, signal, note }) {
    const rowCount = quick ? 400_000 : 2_000_000;
    const deep = rowCount / 2;
    const server = await startPostgres({ signal, settings: { shared_buffers: "1GB", jit: "off" } });
    const pool = new Pool({ connectionString: server.url(), max: 1 });
    const close = async (): Promise<void> => {
      await pool.end();
      await server.stop();
    };
    try {
      note(`loading ${rowCount} rows`);
      await load(server.url(), rowCount);
      note("finding the cursors");
      const made = cursors({ secret: "qG7vX2mZ9tLwK4RbYc8NfHs5JpDgA3uE" });
      const time = await pagesAt(pool, BY_TIME, made, [SHALLOW, deep]);
      const score = await pagesAt(pool, BY_SCORE, made, [SHALLOW, deep]);
      const kysely = await kyselyPage(pool, deep, PAGE_ROWS);
      const offset = (depth: number) => async (): Promise<readonly IdRow[]> => {
        const text = `SELECT ${COLUMNS} FROM posts ORDER BY created_at DESC, id DESC LIMIT $1 OFFSET $2`;
        return (await pool.query<IdRow>({ name: "offset", text, values: [PAGE_ROWS, depth] })).rows;
      };
      const expected = {
        time: new Map([
          [SHALLOW, await ids(offset(SHALLOW))],
          [deep, await ids(offset(deep))],
        ]),
        score: await ids(async () => {
          const text = `SELECT id FROM posts ORDER BY score DESC NULLS LAST, id LIMIT $1 OFFSET $2`;
          return (await pool.query<IdRow>(text, [PAGE_ROWS, deep])).rows;
        }),
      };
      const contestant = (
        name: string,
        depth: number,
        run: () => Promise<readonly IdRow[]>,
        wanted = expected.time.get(depth),
      ) => ({
        label: label(name, depth),
        run,
        check(result: unknown): void {
          if (JSON.stringify(idsOf(result)) !== JSON.stringify(wanted)) {
            throw new Error(`${name} gave other rows at depth ${depth}`);
          }
        },
      });
      return {
        rounds: 60,
        contestants: [
          { ...contestant("keyset", SHALLOW, time.near.read), callsPerSample: 10 },
          { ...contestant("keyset", deep, time.far.read), callsPerSample: 10 },
          {
            ...contestant("keyset, NULLs", deep, score.far.read, expected.score),
            callsPerSample: 10,
          },
          { ...contestant("OFFSET", SHALLOW, offset(SHALLOW)), callsPerSample: 10 },
          contestant("OFFSET", deep, offset(deep)),
          contestant("kysely-cursor", deep, kysely),
        ],
        claims: (samples) => [
          atMost(
            `a page at depth ${deep} reads at most 2 times the buffers of one at depth ${SHALLOW}`,
            2,
            time.far.bufferCount / time.near.bufferCount,
          ),
          atMost(
            "so does a page of a nullable order in mixed directions",
            2,
            score.far.bufferCount / score.near.bufferCount,
          ),
          atMost(
            "a client waits for the deep page at most 1.3 times as long as for the shallow one",
            1.3,
            samples.ratio(label("keyset", deep), label("keyset", SHALLOW)).median,
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

function label(name: string, depth: number): string {
  return `${name} at depth ${depth}`;
}

async function load(url: string, rowCount: number): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await loadPosts(client, rowCount);
  } finally {
    await client.end();
  }
}

interface PageAtDepth {
  readonly read: () => Promise<readonly IdRow[]>;
  readonly bufferCount: number;
}

async function pagesAt(
  pool: Pool,
  order: KeysetOptions["order"],
  made: Cursors,
  [near, far]: readonly [number, number],
): Promise<{ readonly near: PageAtDepth; readonly far: PageAtDepth }> {
  const posts = keyset<IdRow>(pool, {
    from: "posts",
    order,
    cursors: made,
    maxPageSize: STEP_ROWS,
  });
  const at = async (depth: number): Promise<PageAtDepth> => {
    let after: string | undefined;
    for (let rest = depth; rest > 0; rest -= STEP_ROWS) {
      after = (await posts({ first: Math.min(rest, STEP_ROWS), after, select: ["id"] })).next;
    }
    const request = { first: PAGE_ROWS, after };
    await posts.explain(request);
    // The second time the pages of the catalog and the index are where they were left.
    const { sharedBufferCount: bufferCount } = await posts.explain(request);
    return { read: async () => (await posts(request)).rows, bufferCount };
  };
  return { near: await at(near), far: await at(far) };
}

async function ids(read: () => Promise<readonly IdRow[]>): Promise<readonly string[]> {
  return idsOf(await read());
}

function idsOf(result: unknown): readonly string[] {
  if (!Array.isArray(result)) return [];
  const rows: readonly IdRow[] = result;
  return rows.map(({ id }) => id);
}

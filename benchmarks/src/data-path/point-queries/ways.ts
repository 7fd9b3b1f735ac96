import { coalesce, loader, type QueryResult } from "@upshift/postgres";
import DataLoader from "dataloader";
import { Client, Pool } from "pg";
import postgres from "postgres";
import { ANY_QUERY, POINT_QUERY } from "./point-table.ts";

export interface Article {
  readonly id: number;
  readonly title: string;
}

/** One way to get an article for each key, in the order of the keys. */
type Way = (keys: readonly number[]) => Promise<readonly (Article | undefined)[]>;

export interface Ways {
  readonly sequential: Way;
  readonly sequentialNamed: Way;
  readonly pool: Way;
  readonly poolNamed: Way;
  readonly pipeline: Way;
  readonly postgresJs: Way;
  readonly dataLoader: Way;
  readonly any: Way;
  readonly loader: Way;
  readonly coalesced: Way;
  close(): Promise<void>;
}

type Run = (key: number) => Promise<QueryResult<Article>>;

async function oneByOne(run: Run, keys: readonly number[]): Promise<(Article | undefined)[]> {
  const found: (Article | undefined)[] = [];
  for (const key of keys) found.push(first(await run(key)));
  return found;
}

async function together(run: Run, keys: readonly number[]): Promise<(Article | undefined)[]> {
  return (await Promise.all(keys.map(run))).map(first);
}

const first = ({ rows }: QueryResult<Article>): Article | undefined => rows[0];

/** Each with connections of its own to this server, open before the first turn. */
export async function openWays(url: string): Promise<Ways> {
  const client = new Client({ connectionString: url });
  const pipelined = new Client(withPipeline(url));
  // A pool for each: the server plans a prepared statement anew for its first five runs on each connection, and ten connections that take turns at random stay
  // cold for long.
  const newPool = (): Pool => new Pool({ connectionString: url, max: 10 });
  const [pool, poolOfLoader, poolOfAny, poolOfCoalesce] = [
    newPool(),
    newPool(),
    newPool(),
    newPool(),
  ];
  const js = postgres(url, { max: 10 });
  const coalescing = coalesce(poolOfCoalesce);
  await Promise.all([client.connect(), pipelined.connect()]);
  const named = { text: POINT_QUERY, name: "article" };
  const byAny = async (keys: readonly number[]): Promise<(Article | undefined)[]> => {
    const { rows } = await poolOfAny.query<Article>({
      text: ANY_QUERY,
      values: [keys],
      name: "articles",
    });
    const byId = new Map(rows.map((row) => [row.id, row]));
    return keys.map((key) => byId.get(key));
  };
  return {
    sequential: (keys) => oneByOne((key) => client.query(POINT_QUERY, [key]), keys),
    sequentialNamed: (keys) => oneByOne((key) => client.query({ ...named, values: [key] }), keys),
    pool: (keys) => together((key) => pool.query(POINT_QUERY, [key]), keys),
    poolNamed: (keys) => together((key) => pool.query({ ...named, values: [key] }), keys),
    pipeline: (keys) => together((key) => pipelined.query({ ...named, values: [key] }), keys),
    postgresJs: async (keys) => {
      const results = await Promise.all(
        keys.map(
          (key) =>
            js<
              Article[]
            >`SELECT id, title, score, created_at, body FROM articles WHERE id = ${key}`,
        ),
      );
      return results.map(([row]) => row);
    },
    dataLoader: async (keys) => {
      const articles = new DataLoader<number, Article | undefined>(byAny);
      return Promise.all(keys.map((key) => articles.load(key)));
    },
    any: byAny,
    loader: async (keys) => {
      const articles = loader<Article, number>(poolOfLoader, "articles", "id");
      const rows = await Promise.all(keys.map((key) => articles.load(key)));
      return rows.map((row) => row ?? undefined);
    },
    coalesced: (keys) => together((key) => coalescing.query(POINT_QUERY, [key]), keys),
    async close() {
      const pools = [pool, poolOfLoader, poolOfAny, poolOfCoalesce];
      await Promise.all([client, pipelined, js, ...pools].map((opened) => opened.end()));
    },
  };
}

/** The types of pg do not know the option yet. */
function withPipeline(connectionString: string): { connectionString: string } {
  return Object.assign({ connectionString }, { pipeline: true });
}

import { openTwin, takeSnapshot, type Twin } from "@upshift/advisor";
import { createDraws, loadStore, storeSize, storeWorkload } from "@upshift/example-store";
import { startPostgres } from "@upshift/services";
import { Client } from "pg";
import { atMost, type Benchmark } from "../harness/benchmark.ts";
import { candidates } from "./candidates.ts";
import { explainOnServer } from "./explain-on-server.ts";

const TWIN = "twin: switch indexes and plan";
const SERVER = "server: EXPLAIN over a socket";
const SEED = 7;
const WARM_UP_PASSES = 3;

/** What one what-if of the advisor costs, beside asking a real server for a plan. */
export const benchmark: Benchmark = {
  name: "twin",
  title: "One what-if: another set of indexes, another plan",
  async prepare({ quick, signal, note }) {
    const scale = quick ? 0.1 : 1;
    const server = await startPostgres({ signal });
    let client: Client | undefined;
    let twin: Twin | undefined;
    const close = async (): Promise<void> => {
      await twin?.close();
      await client?.end();
      await server.stop();
    };
    try {
      note("loading the store");
      await loadStore(server.url(), { scale, signal });
      client = new Client({ connectionString: server.url() });
      await client.connect();
      note("opening the twin");
      const snapshot = await takeSnapshot(client, { values: "real", workloadSql: "SELECT 1" });
      twin = await openTwin(snapshot, { signal });
      const [existing, added] = await candidates(twin);
      const draws = createDraws(SEED);
      const queries = storeWorkload.map(({ text, values }) => ({
        text,
        values: values(draws, storeSize(scale)),
      }));
      const explain = explainOnServer(client);
      const openedTwin = twin;
      const sets = [new Set(existing), new Set([...existing, ...added])] as const;
      // A search asks thousands of times: what parsing a statement and compiling the planner cost the first time is not the question.
      note("warming both up");
      for (let pass = 0; pass < WARM_UP_PASSES; pass += 1) {
        for (const { text } of queries) {
          signal?.throwIfAborted();
          for (const visible of sets) await twin.plan({ text, parameters: "generic" }, visible);
          await explain(text);
        }
      }
      return {
        rounds: 200,
        contestants: [
          {
            label: TWIN,
            run(round) {
              const query = queries[round % queries.length];
              // Every other round shows all candidates, so that each call switches all of them.
              const visible = sets[round % 2 === 0 ? 0 : 1];
              return openedTwin.plan({ text: query?.text ?? "", parameters: "generic" }, visible);
            },
            check: assertCost,
          },
          {
            label: SERVER,
            run: (round) => explain(queries[round % queries.length]?.text ?? ""),
            check: assertCost,
          },
        ],
        claims: (samples) => [
          atMost(
            "one what-if with its switching costs at most 3 ms at the median",
            3,
            samples.medianMs(TWIN),
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

function assertCost(result: unknown): void {
  const isPlan =
    typeof result === "object" &&
    result !== null &&
    "cost" in result &&
    typeof result.cost === "number" &&
    result.cost > 0;
  if (!isPlan) throw new Error("a plan without a cost");
}

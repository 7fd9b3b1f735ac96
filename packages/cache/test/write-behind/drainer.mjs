// Writes what is pending until it is killed: node drainer.mjs REDIS_URL_OR_NODES DATABASE_URL [NAME] [LEASE] [GUARD]
// Says `ready` when it has begun, and for each write: `write KEYS`, then `wrote KEYS` or `failed CODE`.
import { createPool, upsertMany } from "@upshift/postgres";
import { connectRedis } from "@upshift/redis";
import { openWriteBehind } from "../../dist/write-behind/open-write-behind.js";
import { writeBehind } from "../../dist/write-behind/write-behind.js";

const [target, databaseUrl, name = "row", lease = "1s", pauseMs = "0"] = process.argv.slice(2);
const redis = connectRedis(target.startsWith("[") ? JSON.parse(target) : target, {
  timeout: "5s",
});
const db = createPool({ primary: databaseUrl, max: 4 });
const say = (line) => process.stdout.write(`${line}\n`);

const store = openWriteBehind(
  writeBehind(
    async (changes, { signal }) => {
      const keys = changes.map(({ key }) => key).join(",");
      say(`write ${keys}`);
      signal.addEventListener("abort", () => say(`aborted ${signal.reason?.code}`), { once: true });
      if (Number(pauseMs) > 0) await new Promise((resolve) => setTimeout(resolve, Number(pauseMs)));
      await upsertMany(
        db,
        "row",
        changes.map(({ key, value, patch, sequence }) => ({
          id: key,
          ...value,
          ...patch,
          sequence,
        })),
        { conflict: ["id"] },
      );
      say(`wrote ${keys}`);
    },
    { mode: "patch", maxDelay: "50ms", batch: 100, lease, concurrency: 2 },
  ),
  {
    redis,
    namespace: "test",
    name,
    codec: { encode: JSON.stringify, decode: JSON.parse },
    keyOf: (text) => text,
    onError: (error) => say(`failed ${error.code ?? error.name}`),
  },
);
say("ready");
process.on("SIGTERM", () => {
  void (async () => {
    await store.close({ timeoutMs: 10_000 });
    say(`refused ${store.gauges().refusedCount}`);
    await Promise.all([redis.close(), db.close()]);
  })();
});

// Puts one change, closes its connection and has nothing else to do: node put-and-go.mjs REDIS_URL NAME
import { connectRedis } from "@upshift/redis";
import { openWriteBehind } from "../../dist/write-behind/open-write-behind.js";
import { writeBehind } from "../../dist/write-behind/write-behind.js";

const [url, name] = process.argv.slice(2);
const redis = connectRedis(url);
const store = openWriteBehind(
  writeBehind(async () => {}, { maxDelay: "10m" }),
  {
    redis,
    namespace: "test",
    name,
    codec: { encode: JSON.stringify, decode: JSON.parse },
    keyOf: (text) => text,
  },
);
await store.put("one", { a: 1 });
await redis.close();

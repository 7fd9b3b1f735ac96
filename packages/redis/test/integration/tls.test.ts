import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import {
  bringRedis,
  componentSkips,
  freePort,
  type RedisServer,
  startRedis,
} from "@upshift/services";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connectRedis } from "../../src/connect/connect-redis.ts";

const skips = await componentSkips("Redis", bringRedis);
const file = (name: string): string =>
  fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));

// The certificate was made for these tests: openssl req -x509, prime256v1, for localhost and 127.0.0.1, valid for 100 years.
describe.skipIf(skips.isMissing).each(["ioredis", "node-redis"] as const)(
  "%s over TLS",
  (client) => {
    let server: RedisServer;
    let url: string;
    let ca: Buffer;

    beforeAll(async () => {
      const port = await freePort();
      ca = await readFile(file("tls-cert.pem"));
      server = await startRedis({
        settings: {
          "tls-port": String(port),
          "tls-cert-file": file("tls-cert.pem"),
          "tls-key-file": file("tls-key.pem"),
          "tls-ca-cert-file": file("tls-cert.pem"),
          "tls-auth-clients": "no",
          user: "someone on >a-password ~* &* +@all",
        },
      });
      url = `rediss://someone:a-password@localhost:${port}`;
    });
    afterAll(() => server?.stop());

    it("sends, subscribes and blocks", async () => {
      const redis = connectRedis(url, { client, tls: { ca }, timeout: "5s" });
      try {
        expect(await redis.send(["SET", "k", "v"])).toBe("OK");
        const received = new Promise<string>((resolve) => {
          void redis
            .subscribe({ channels: ["c"], onMessage: resolve })
            .then(() => redis.send(["PUBLISH", "c", "over TLS"], { key: null }));
        });
        expect(await received).toBe("over TLS");
        const dedicated = await redis.dedicate();
        expect(await dedicated.send(["BLPOP", "none", 0.01])).toBeNull();
      } finally {
        await redis.close();
      }
    });

    it("does not speak to a server whose certificate it does not know", async () => {
      const redis = connectRedis(url, { client, timeout: 400 });
      try {
        const error = await redis.send(["PING"]).catch((cause: unknown) => cause);
        expect(error).toMatchObject({ code: "UPSHIFT_REDIS_UNAVAILABLE" });
        expect(String(error)).toMatch(/self[- ]signed/);
        expect(String(error)).not.toContain("a-password");
      } finally {
        await redis.close();
      }
    });
  },
);

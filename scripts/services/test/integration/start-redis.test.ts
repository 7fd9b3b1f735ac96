import { expect, test } from "vitest";
import { bringRedis, componentSkips, startRedis, startRedisCluster } from "../../src/index.ts";

const skips = await componentSkips("Redis", bringRedis);

test.skipIf(skips.isMissing)(
  "a killed Redis has its acknowledged writes after a restart",
  async () => {
    const redis = await startRedis({ settings: { appendonly: "yes", appendfsync: "always" } });
    try {
      expect(await redis.command("SET", "kept", "for good")).toBe("+OK");
      await redis.kill();
      await expect(redis.command("PING")).rejects.toThrow(/ECONNREFUSED/);
      await redis.restart();
      expect(await redis.command("GET", "kept")).toBe("$8\r\nfor good");
      redis.pause();
      await expect(redis.command("PING")).rejects.toThrow(/no reply/);
      redis.resume();
      expect(await redis.command("PING")).toBe("+PONG");
    } finally {
      await redis.stop();
    }
    await expect(redis.command("PING")).rejects.toThrow(/ECONNREFUSED/);
  },
);

test.skipIf(skips.isMissing)(
  "a cluster of six serves every slot, and a replica stands in for a killed master",
  async () => {
    const cluster = await startRedisCluster();
    try {
      const [master] = cluster.masters;
      const [replica] = cluster.replicas;
      await master?.kill();
      for (;;) {
        const role = await replica?.command("ROLE");
        if (role?.includes("master")) break;
      }
      expect(await replica?.command("ROLE")).toContain("master");
      await master?.restart();
      await cluster.ready();
    } finally {
      await cluster.stop();
    }
  },
);

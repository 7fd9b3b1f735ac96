// Brings the components that tests need and `npm install` does not: node scripts/services/dist/bring.js postgres-majors pgbouncer prisma redis chromium
import { bringChromium } from "./bring-chromium.ts";
import { bringPgBouncer } from "./bring-pgbouncer.ts";
import { bringPostgresMajor } from "./bring-postgres.ts";
import { bringPrisma } from "./bring-prisma.ts";
import { bringRedis } from "./bring-redis.ts";

const COMPONENTS: Readonly<Record<string, () => Promise<readonly string[]>>> = {
  chromium: async () => [await bringChromium()],
  "postgres-majors": () =>
    Promise.all(([14, 15, 16, 17] as const).map((major) => bringPostgresMajor(major))),
  pgbouncer: async () => [await bringPgBouncer()],
  prisma: async () => [(await bringPrisma()).clientFile],
  redis: async () => [await bringRedis()],
};

const names = process.argv.slice(2);
const unknown = names.filter((name) => !Object.hasOwn(COMPONENTS, name));
if (names.length === 0 || unknown.length > 0) {
  const known = Object.keys(COMPONENTS).join(", ");
  console.error(`Name the components to bring: ${known}. Unknown: ${unknown.join(", ") || "none"}`);
  process.exitCode = 2;
} else {
  for (const name of names) {
    try {
      const places = await COMPONENTS[name]?.();
      console.log(`${name}: ${places?.join(", ")}`);
    } catch (error) {
      console.error(`${name}: ${error instanceof Error ? error.message : String(error)}`);
      process.exitCode = 1;
    }
  }
}

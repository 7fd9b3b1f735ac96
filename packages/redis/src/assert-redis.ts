import { InvalidArgumentError, kindOf } from "@upshift/foundation";

const METHODS = ["send", "run", "watch", "subscribe"] as const;

/**
 * What is given in place of what {@link connectRedis} makes: its URL, or a client of ioredis or node-redis, whose methods of the same names are other ones.
 *
 * @param of - the function that was given it, for the error, which does not show a URL: it may hold a password
 * @throws {InvalidArgumentError}
 */
export function assertRedis(of: string, redis: unknown): void {
  if (hasMethods(redis)) return;
  const client = clientOf(redis);
  throw new InvalidArgumentError(
    `\`redis\` of \`${of}\` as \`connectRedis(${client === undefined ? "url" : "client"})\` of @upshift/redis makes it`,
    client ?? kindOf(redis),
  );
}

function hasMethods(redis: unknown): boolean {
  return (
    typeof redis === "object" &&
    redis !== null &&
    METHODS.every((method) => typeof Reflect.get(redis, method) === "function")
  );
}

function clientOf(given: unknown): string | undefined {
  if (typeof given !== "object" || given === null) return undefined;
  if ("refreshSlotsCache" in given) return "a client of ioredis";
  if ("nodeClient" in given) return "a client of node-redis";
  if (!("sendCommand" in given)) return undefined;
  return "status" in given ? "a client of ioredis" : "a client of node-redis";
}

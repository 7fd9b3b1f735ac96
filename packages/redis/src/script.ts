import { createHash } from "node:crypto";
import { InvalidArgumentError, kindOf } from "@upshift/foundation";

/** A Lua script that runs atomically on the server. */
export interface Script {
  /** For errors and traces. */
  readonly name: string;
  readonly lua: string;
  /** SHA-1 of the text, in hex: what EVALSHA takes. */
  readonly sha: string;
}

/**
 * @param name - for errors and traces
 * @param lua - must name every key it touches in KEYS, so that it runs in a cluster
 */
export function defineScript(name: string, lua: string): Script {
  if (typeof name !== "string") throw new InvalidArgumentError("`name` as text", kindOf(name));
  if (typeof lua !== "string") throw new InvalidArgumentError("`lua` as text", kindOf(lua));
  return { name, lua, sha: createHash("sha1").update(lua).digest("hex") };
}

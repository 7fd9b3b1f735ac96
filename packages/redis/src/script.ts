import { createHash } from "node:crypto";

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
  return { name, lua, sha: createHash("sha1").update(lua).digest("hex") };
}

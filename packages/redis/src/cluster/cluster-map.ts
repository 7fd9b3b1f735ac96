import type { Reply } from "../redis.ts";
import { SLOT_COUNT } from "./key-slot.ts";

export interface NodeAddress {
  readonly host: string;
  readonly port: number;
}

/** Which master serves each slot, `undefined` where none does. */
export type ClusterMap = readonly (NodeAddress | undefined)[];

/**
 * @param reply - of CLUSTER SLOTS: for each range from, to, master, replicas; a node is host, port, id, …
 * @param askedHost - a node that does not know its own address leaves it out
 * @returns `undefined` when it is no such reply
 */
export function parseClusterSlots(reply: Reply, askedHost: string): ClusterMap | undefined {
  if (!Array.isArray(reply)) return undefined;
  const map: (NodeAddress | undefined)[] = Array.from({ length: SLOT_COUNT });
  for (const range of reply) {
    if (!Array.isArray(range)) return undefined;
    const [from, to, master]: readonly Reply[] = range;
    if (!Array.isArray(master)) return undefined;
    const [host, port]: readonly Reply[] = master;
    if (typeof from !== "number" || typeof to !== "number" || typeof port !== "number")
      return undefined;
    const isKnown = typeof host === "string" && host !== "" && host !== "?";
    const address: NodeAddress = { host: isKnown ? host : askedHost, port };
    for (let slot = from; slot <= to; slot += 1) map[slot] = address;
  }
  return map;
}

/**
 * @param redirect - `MOVED 3999 127.0.0.1:6381` or `ASK …`; IPv6 addresses have colons of their own
 * @returns `undefined` when it is none
 */
export function parseRedirect(
  redirect: string,
  askedHost: string,
): { readonly slot: number; readonly address: NodeAddress } | undefined {
  const match = /^(?:MOVED|ASK) (\d+) (.*):(\d+)$/.exec(redirect);
  if (match === null) return undefined;
  const [, slot, host = "", port] = match;
  return {
    slot: Number(slot),
    address: { host: host === "" || host === "?" ? askedHost : host, port: Number(port) },
  };
}

export function addressLabel({ host, port }: NodeAddress): string {
  return `${host}:${port}`;
}

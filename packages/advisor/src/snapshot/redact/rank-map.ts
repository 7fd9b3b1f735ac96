/** Replaces values of one opaque kind by made-up ones in the same order. */
export interface RankMap {
  replace(value: string): string;
}

/** Gathers the values of a snapshot first: a made-up value tells only its place among them. */
export interface RankCollector extends RankMap {
  freeze(): RankMap;
}

export interface RankKind {
  /** A text that sorts by code points as the values do. */
  sortKey(value: string): string;
  /** @param rank - 0-based; @param count - of all values */
  make(rank: number, count: number): string;
}

export function collectRanks(kind: RankKind): RankCollector {
  const values = new Set<string>();
  return {
    replace: (value) => {
      values.add(value);
      return value;
    },
    freeze: () => {
      const sorted = [...values]
        .map((value) => ({ value, key: kind.sortKey(value) }))
        .toSorted((left, right) => (left.key < right.key ? -1 : left.key > right.key ? 1 : 0));
      const made = new Map(
        sorted.map(({ value }, rank) => [value, kind.make(rank, sorted.length)]),
      );
      return { replace: (value) => made.get(value) ?? kind.make(0, 1) };
    },
  };
}

/** Spread over all UUIDs, so that interpolation between two of them still means something. */
export const UUID: RankKind = {
  sortKey: (value) => value.toLowerCase().replaceAll(/[^0-9a-f]/g, ""),
  make: (rank, count) => {
    const head = Math.floor(((rank + 1) / (count + 1)) * 0x1_00_00_00_00)
      .toString(16)
      .padStart(8, "0");
    return `${head}-0000-4000-8000-${rank.toString(16).padStart(12, "0")}`;
  },
};

/** Inside 10.0.0.0/8; families and masks are gone. */
export const NETWORK_ADDRESS: RankKind = {
  sortKey: (value) => {
    const [address = "", mask = ""] = value.split("/");
    return address.includes(":")
      ? `6${expandIpv6(address)}/${mask.padStart(3, "0")}`
      : `4${address
          .split(".")
          .map((part) => part.padStart(3, "0"))
          .join(".")}/${mask.padStart(3, "0")}`;
  },
  make: (rank) => `10.${(rank >> 16) & 255}.${(rank >> 8) & 255}.${rank & 255}`,
};

export const MAC_ADDRESS: RankKind = {
  sortKey: (value) => value.toLowerCase(),
  make: (rank) =>
    `02:00:${rank
      .toString(16)
      .padStart(8, "0")
      .replaceAll(/(..)(?=.)/g, "$1:")}`,
};

export const BYTES: RankKind = {
  sortKey: (value) => value.toLowerCase(),
  make: (rank) => `\\x${rank.toString(16).padStart(8, "0")}`,
};

function expandIpv6(address: string): string {
  const [head = "", tail] = address.split("::");
  const left = head.split(":").filter((part) => part !== "");
  const right = (tail ?? "").split(":").filter((part) => part !== "");
  const missing = Math.max(0, 8 - left.length - right.length);
  const middle = tail === undefined ? [] : Array.from({ length: missing }, () => "0");
  return [...left, ...middle, ...right].map((part) => part.padStart(4, "0")).join(":");
}

/** Content codings that are offered; `zstd` only where Node has it (22.15, 23.8). */
export type Coding = "br" | "gzip" | "zstd";

/** `identity` is the body as it is. */
export type NegotiatedCoding = Coding | "identity";

export function isCoding(text: string): text is Coding {
  return text === "br" || text === "gzip" || text === "zstd";
}

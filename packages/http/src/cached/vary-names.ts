/** Names of a `Vary` field in lower case, without the one that is negotiated on every entry. */
export function parseVary(vary: string): readonly string[] {
  return vary
    .toLowerCase()
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "" && name !== "accept-encoding");
}

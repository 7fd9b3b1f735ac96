import { readdirSync, readFileSync } from "node:fs";

const folder = new URL("fixtures/recorded/", import.meta.url);

/** Names of the recorded plans; each was recorded in both formats (see fixtures/record.mjs). */
export const recordedNames: readonly string[] = readdirSync(folder)
  .filter((file) => file.endsWith(".txt"))
  .map((file) => file.slice(0, -".txt".length))
  .toSorted();

/** A recorded plan's text in one format. */
export function recorded(name: string, format: "txt" | "json" = "txt"): string {
  return readFileSync(new URL(`${name}.${format}`, folder), "utf8");
}

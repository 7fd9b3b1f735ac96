import { homedir } from "node:os";
import path from "node:path";

/** Where fetched servers are kept between runs: the user's cache folder, never the repository. */
export function cacheFolder(environment: Readonly<NodeJS.ProcessEnv> = process.env): string {
  const fallback =
    process.platform === "darwin"
      ? path.join(homedir(), "Library", "Caches")
      : path.join(homedir(), ".cache");
  const { XDG_CACHE_HOME: chosen } = environment;
  return path.join(chosen !== undefined && path.isAbsolute(chosen) ? chosen : fallback, "upshift");
}

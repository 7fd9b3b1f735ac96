import { homedir } from "node:os";
import { join } from "node:path";

/**
 * Where files that can be made again belong on this system.
 *
 * @returns `$XDG_CACHE_HOME/upshift` where set; else `~/Library/Caches/upshift` on macOS, `%LOCALAPPDATA%\upshift\cache` on
 *   Windows, `~/.cache/upshift` elsewhere. It need not exist.
 */
export function defaultCacheDirectory(
  environment: Readonly<Record<string, string | undefined>> = process.env,
  platform: NodeJS.Platform = process.platform,
): string {
  const xdg = environment["XDG_CACHE_HOME"];
  if (xdg !== undefined && xdg !== "") return join(xdg, "upshift");
  if (platform === "darwin") return join(homedir(), "Library", "Caches", "upshift");
  const local = environment["LOCALAPPDATA"];
  if (platform === "win32" && local !== undefined) return join(local, "upshift", "cache");
  return join(homedir(), ".cache", "upshift");
}

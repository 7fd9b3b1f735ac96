/** The same server, another database or user; a new user without a password gets none. */
export function databaseUrl(
  url: string,
  change: {
    readonly database?: string;
    readonly user?: string;
    readonly password?: string | undefined;
  },
): string {
  const changed = new URL(url);
  if (change.database !== undefined) changed.pathname = `/${encodeURIComponent(change.database)}`;
  if (change.user !== undefined) {
    changed.username = encodeURIComponent(change.user);
    changed.password = encodeURIComponent(change.password ?? "");
  }
  return changed.href;
}

import { type Duration, InvalidArgumentError, refuseUnknown, toMs } from "@upshift/foundation";

/** Directives of RFC 9111 and RFC 5861. Durations are sent in whole seconds: numbers are ms, `"30s"` reads better. */
export interface CacheControl {
  readonly public?: boolean;
  readonly private?: boolean;
  readonly noStore?: boolean;
  readonly noCache?: boolean;
  readonly noTransform?: boolean;
  readonly mustRevalidate?: boolean;
  readonly proxyRevalidate?: boolean;
  readonly immutable?: boolean;
  readonly maxAge?: Duration;
  readonly sMaxAge?: Duration;
  readonly staleWhileRevalidate?: Duration;
  readonly staleIfError?: Duration;
}

const NAMES: ReadonlySet<keyof CacheControl> = new Set([
  "public",
  "private",
  "noStore",
  "noCache",
  "noTransform",
  "mustRevalidate",
  "proxyRevalidate",
  "immutable",
  "maxAge",
  "sMaxAge",
  "staleWhileRevalidate",
  "staleIfError",
]);

/**
 * The field value.
 *
 * @throws {InvalidArgumentError} for names that are none of a directive, when directives contradict each other, when there is none, or for a duration above 0 and below a
 * second: `maxAge: 30` is 30 ms
 */
export function formatCacheControl(control: CacheControl): string {
  refuseUnknown("cacheControl", control, NAMES);
  if (control.public === true && (control.private === true || control.noStore === true)) {
    const other = control.private === true ? "private" : "noStore";
    throw new InvalidArgumentError("`cacheControl` either `public` or not", `public and ${other}`);
  }
  let text = "";
  if (control.public === true) text += ", public";
  if (control.private === true) text += ", private";
  if (control.noStore === true) text += ", no-store";
  if (control.noCache === true) text += ", no-cache";
  text += seconds("max-age", control.maxAge, "cacheControl.maxAge");
  text += seconds("s-maxage", control.sMaxAge, "cacheControl.sMaxAge");
  text += seconds(
    "stale-while-revalidate",
    control.staleWhileRevalidate,
    "cacheControl.staleWhileRevalidate",
  );
  text += seconds("stale-if-error", control.staleIfError, "cacheControl.staleIfError");
  if (control.mustRevalidate === true) text += ", must-revalidate";
  if (control.proxyRevalidate === true) text += ", proxy-revalidate";
  if (control.immutable === true) text += ", immutable";
  if (control.noTransform === true) text += ", no-transform";
  if (text === "")
    throw new InvalidArgumentError("`cacheControl` with at least one directive", "none");
  return text.slice(2);
}

function seconds(directive: string, duration: Duration | undefined, name: string): string {
  if (duration === undefined) return "";
  const durationMs = toMs(duration, name);
  if (durationMs > 0 && durationMs < 1_000) {
    throw new InvalidArgumentError(
      `\`${name}\` as 0 or at least a second ("30s"; numbers are ms)`,
      duration,
    );
  }
  return `, ${directive}=${Math.floor(durationMs / 1_000)}`;
}

/** `#( token [ "=" ( token / quoted-string ) ] )`. Source: RFC 9111 section 5.2, RFC 9110 sections 5.6.1, 5.6.2 and 5.6.4. */
const DIRECTIVE = String.raw`[!#$%&'*+.^_\x60|~\w-]+(?:=(?:[!#$%&'*+.^_\x60|~\w-]+|"(?:[^"\\\x00-\x1f\x7f]|\\[^\x00-\x1f\x7f])*"))?`;
const DIRECTIVES = new RegExp(String.raw`^[ \t]*${DIRECTIVE}(?:[ \t]*,[ \t]*${DIRECTIVE})*[ \t]*$`);

/**
 * A field value that was written by hand: with semicolons, no cache would find more than its first directive.
 *
 * @throws {InvalidArgumentError}
 */
export function assertCacheControl(text: string): void {
  if (!DIRECTIVES.test(text))
    throw new InvalidArgumentError(
      "`cacheControl` as directives between commas, 'public, max-age=30'",
      text,
    );
}

const SHARED = /(?:^|[,\s])(?:public|s-maxage\s*=)/i;
const NO_TRANSFORM = /(?:^|[,\s])no-transform(?:$|[,\s;])/i;

/** Whether a field value lets shared caches keep the response beyond what they may without it. */
export function isShared(cacheControl: string): boolean {
  return SHARED.test(cacheControl);
}

/** Whether nobody on the way, the server's own compression among them, may change the body. */
export function forbidsTransform(cacheControl: string): boolean {
  return NO_TRANSFORM.test(cacheControl);
}

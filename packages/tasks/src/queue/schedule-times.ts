import { InvalidArgumentError } from "@upshift/foundation";
import { defaultRepeatStrategy } from "bullmq";

/** What BullMQ repeats by. @throws {InvalidArgumentError} for a text or a zone it cannot read, and for a time that never comes */
export function assertCron(
  cron: string,
  timeZone: string,
): { readonly pattern: string; readonly tz: string } {
  const repeat = { pattern: cron, tz: timeZone };
  if (!isZone(timeZone))
    throw new InvalidArgumentError("`timeZone` as an IANA name like 'Europe/Berlin'", timeZone);
  if (!hasNext(repeat))
    throw new InvalidArgumentError(
      "`cron` of five fields, or six with seconds first, that comes to pass",
      cron,
    );
  return repeat;
}

function isZone(timeZone: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}

function hasNext(repeat: { readonly pattern: string; readonly tz: string }): boolean {
  if (!/^\s*(\S+\s+){4,5}\S+\s*$/.test(repeat.pattern)) return false;
  try {
    return defaultRepeatStrategy(Date.now(), repeat) !== undefined;
  } catch {
    return false;
  }
}

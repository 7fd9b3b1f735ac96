import { isDeepStrictEqual } from "node:util";
import { type Duration, InvalidArgumentError, kindOf, refuseUnknown } from "@upshift/foundation";
import type { JobSchedulerJson } from "bullmq";
import type { QueueCall, QueueCallOptions } from "./bounded.ts";
import type { BullQueue, SchedulerTemplate } from "./job-backend.ts";
import { toPositiveMs } from "./job-options.ts";
import { assertCron } from "./schedule-times.ts";

export interface Schedule {
  readonly id: string;
  readonly cron: string | undefined;
  readonly everyMs: number | undefined;
  readonly timeZone: string | undefined;
  /** When it fires next. */
  readonly nextAtMs: number | undefined;
}

/** When a schedule fires. `cron` has five fields, or six with seconds first. */
export type ScheduleTimes =
  | { readonly cron: string; readonly timeZone?: string }
  | { readonly every: Duration };

/** Jobs that are made at times. */
export interface Schedules<Data> {
  /** Fires at these times until it is taken back. The same id again, as each deploy does, changes it in place. */
  schedule(id: string, times: ScheduleTimes, data: Data, options?: QueueCallOptions): Promise<void>;
  /** @returns whether there was one */
  unschedule(id: string, options?: QueueCallOptions): Promise<boolean>;
  schedules(options?: QueueCallOptions): Promise<readonly Schedule[]>;
}

const LARGEST_PAGE = 10_000;

export function createSchedules<Data>(source: {
  readonly bull: () => BullQueue;
  readonly call: QueueCall;
  /** The jobs that a schedule makes. @throws {JobDataError} */
  readonly template: (data: Data) => SchedulerTemplate;
}): Schedules<Data> {
  const { bull, call, template: templateOf } = source;
  return {
    async schedule(id, times, data, options) {
      if (typeof id !== "string" || !/^[^:\p{Cc}\p{Cs}]{1,500}$/u.test(id))
        throw new InvalidArgumentError("`id` of at most 500 characters without a colon", id);
      const repeat = toRepeat(times);
      const template = templateOf(data);
      // Every process of a fleet says this when it starts. Setting what is set already would take the next job away and make it anew, past its moment perhaps.
      const set = async (): Promise<void> => {
        const known = await bull().getJobScheduler(id);
        if (known !== undefined && isSame(known, repeat, template)) return;
        await bull().upsertJobScheduler(id, repeat, template);
      };
      await call("schedule", set, options);
    },
    unschedule: (id, options) => call("unschedule", () => bull().removeJobScheduler(id), options),
    async schedules(options) {
      const found = await call(
        "schedules",
        () => bull().getJobSchedulers(0, LARGEST_PAGE),
        options,
      );
      return found.map(({ key, pattern, every, tz, next }) => ({
        id: key,
        cron: pattern,
        everyMs: every,
        timeZone: tz,
        nextAtMs: next,
      }));
    },
  };
}

const TIMES = new Set(["cron", "timeZone", "every"]);

/** @throws {InvalidArgumentError} */
function toRepeat(
  times: ScheduleTimes,
): { readonly pattern: string; readonly tz: string } | { readonly every: number } {
  if (kindOf(times) !== "an object" || !("cron" in times || "every" in times))
    throw new InvalidArgumentError('`{ cron: "0 9 * * *" }` or `{ every: "1h" }`', times);
  refuseUnknown("schedule", times, TIMES);
  if ("cron" in times && "every" in times)
    throw new InvalidArgumentError("`cron` or `every`, not both", times);
  return "cron" in times
    ? assertCron(times.cron, times.timeZone ?? "UTC")
    : { every: toPositiveMs(times.every, "every") };
}

function isSame(
  known: JobSchedulerJson,
  repeat: { readonly pattern?: string; readonly tz?: string; readonly every?: number },
  template: { readonly data: unknown; readonly opts: unknown },
): boolean {
  return (
    known.pattern === repeat.pattern &&
    (repeat.pattern === undefined || known.tz === repeat.tz) &&
    known.every === repeat.every &&
    isDeepStrictEqual(known.template?.data, template.data) &&
    isDeepStrictEqual(known.template?.opts, template.opts)
  );
}

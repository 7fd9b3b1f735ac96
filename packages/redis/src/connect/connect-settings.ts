import type { TimerClock } from "@upshift/foundation";
import type { Backoff } from "./backoff.ts";
import type { Endpoint } from "./endpoint.ts";

/** The options, with defaults filled in and durations in ms. */
export interface ConnectSettings {
  /** Of the only server; in a cluster, of the first one named. */
  readonly endpoint: Endpoint;
  readonly clock: TimerClock;
  readonly random: () => number;
  /** For a command that says nothing else. */
  readonly timeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly backoff: Backoff;
  readonly heartbeatMs: number;
  /** Commands that may wait for a connection. */
  readonly maxWaitingCount: number;
  /** How long each may. */
  readonly maxWaitMs: number;
}

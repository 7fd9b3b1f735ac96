import type { Severity } from "../finding.ts";

/** What finds a rule's slow form: a plan, the catalog and statistics, a trace, the source. */
export type Detector = "plan" | "advisor" | "trace" | "lint";

/** A slow form that Upshift knows, whatever finds it. */
export interface Rule {
  readonly id: RuleId;
  /** The slow form in one sentence. */
  readonly title: string;
  /** Rows of docs/guide.md that the rule belongs to; empty for what the guide does not name. */
  readonly guideRows: readonly number[];
  readonly detectors: readonly Detector[];
  /** Detectors that exist today, a part of `detectors`; none: the rule is planned. */
  readonly ready: readonly Detector[];
  readonly severity: Severity;
  /** Default thresholds by name; the name carries the unit. */
  readonly thresholds: Readonly<Record<string, number>>;
}

/** The id of every rule, by the part of the guide that it belongs to. */
export type RuleId =
  | IndexRuleId
  | PlanRuleId
  | QueryRuleId
  | CacheRuleId
  | RedisRuleId
  | AsyncRuleId
  | HttpRuleId;

export type IndexRuleId =
  | "index/missing"
  | "index/wrong-kind"
  | "index/column-order"
  | "index/covering"
  | "index/unused"
  | "index/duplicate"
  | "index/invalid"
  | "statistics/missing";

export type PlanRuleId =
  | "plan/seq-scan"
  | "plan/slow-node"
  | "plan/rows-removed"
  | "plan/inner-loops"
  | "plan/heap-fetches"
  | "plan/misestimate"
  | "plan/disk-spill"
  | "plan/lossy-bitmap";

export type QueryRuleId =
  | "sql/n-plus-one"
  | "loader/shared-across-requests"
  | "loader/quadratic-match"
  | "trace/shared-counter"
  | "sql/offset"
  | "keyset/not-unique"
  | "keyset/or-predicate"
  | "keyset/js-date-cursor"
  | "sql/insert-loop"
  | "sql/too-many-parameters"
  | "sql/select-star"
  | "sql/over-fetch";

export type CacheRuleId =
  | "cache/hot-read"
  | "cache/unchecked-parse"
  | "cache/missed-invalidation"
  | "sql/hot-row-update"
  | "cache/no-ttl"
  | "redis/keys"
  | "cache/stampede"
  | "lock/no-owner"
  | "cache/expiry-spike"
  | "redis/hot-get"
  | "cache/unbounded-map";

export type RedisRuleId =
  | "redis/read-modify-write"
  | "redis/hgetall-few"
  | "sql/rank-by-sort"
  | "redis/incr-expire"
  | "redis/no-timeout"
  | "redis/shared-blocking";

export type AsyncRuleId =
  | "pool/wait"
  | "pool/held-idle"
  | "pool/nested"
  | "pool/no-timeout"
  | "pool/oversized"
  | "client/per-request"
  | "sql/sequential"
  | "http/sequential"
  | "async/dropped-rejections"
  | "async/unbounded"
  | "async/fan-out"
  | "http/deferrable-work"
  | "job/enqueue-before-commit"
  | "job/timer-schedule"
  | "job/legacy-repeat"
  | "sql/unbounded"
  | "sql/page-walk"
  | "stream/ignored-backpressure"
  | "stream/pipe-without-pipeline"
  | "res/buffered-large";

export type HttpRuleId =
  | "res/uncompressed"
  | "res/compressed-each-time"
  | "res/payload"
  | "fields/unchecked-select"
  | "res/no-etag"
  | "res/late-etag";

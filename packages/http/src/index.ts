export type { Coding, NegotiatedCoding } from "./coding/coding.ts";
export type { CompressionOptions } from "./coding/compression-settings.ts";
export { isCompressible } from "./coding/compressible.ts";
export type { CompressionLevels } from "./coding/compress.ts";
export {
  compression,
  type CompressionMiddleware,
  type CompressionMiddlewareOptions,
} from "./compression/compression.ts";
export type { PlannedResponse, RequestFacts } from "./planned-response.ts";
export type { CacheControl } from "./send/cache-control.ts";
export type { HeaderFields } from "./send/header-fields.ts";
export { respond } from "./send/respond.ts";
export type { RespondOptions } from "./send/respond-options.ts";
export { send } from "./send/send.ts";
export { InvalidHeaderError, PublicCookieError, ResponseStartedError } from "./send/send-errors.ts";
export { writePlanned } from "./send/write-planned.ts";
export type { Version } from "./validation/entity-tag.ts";
export { problem, type ProblemDetails } from "./problem/problem.ts";
export { type ProblemError, problemOfError } from "./problem/problem-of-error.ts";
export { sendProblem } from "./problem/send-problem.ts";
export { planStream } from "./stream/plan-stream.ts";
export { stream, type StreamResult } from "./stream/stream.ts";
export {
  NotAcceptableError,
  ResponseClosedError,
  ResponseIdleError,
} from "./stream/stream-errors.ts";
export type { StreamFormat } from "./stream/stream-format.ts";
export type { StreamOptions, StreamToOptions } from "./stream/stream-options.ts";
export type { StreamContext, StreamSource, StreamValues } from "./stream/stream-source.ts";
export { cached } from "./cached/cached.ts";
export { ResponseNotKeptError } from "./cached/cached-errors.ts";
export type { CachedOptions } from "./cached/cached-options.ts";
export type { Handler, Next } from "./cached/exchange.ts";
export { responseTags } from "./cached/response-tags.ts";
export { type FieldSelection, projectionPaths } from "./fields/field-selection.ts";
export type { FieldPath, FieldShape } from "./fields/field-shape.ts";
export {
  ForbiddenFieldsError,
  InvalidFieldsError,
  UnknownFieldsError,
} from "./fields/fields-errors.ts";
export {
  type FieldRule,
  type FieldRules,
  type Fieldset,
  fieldset,
  type FieldsetOptions,
} from "./fields/fieldset.ts";
export { pick, type Picked } from "./fields/pick.ts";
export type { StandardSchema } from "./fields/read-schema.ts";
export {
  type AddressSource,
  clientAddress,
  type ClientAddress,
  type ClientAddressOptions,
} from "./client-address/client-address.ts";
export type { LimitDecision, LimitPolicyState, RequestLimit } from "./rate-limit/limit-decision.ts";
export type { RateLimitedOptions } from "./rate-limit/plan-limit.ts";
export { type LimitMiddleware, rateLimited } from "./rate-limit/rate-limited.ts";
export { type LimitReply, rateLimitedHook } from "./rate-limit/rate-limited-fastify.ts";
export { type LimitContext, rateLimitedHono } from "./rate-limit/rate-limited-hono.ts";
export { type Link, linkHeader } from "./envelope/link-header.ts";
export {
  pageAnswer,
  type PageAnswer,
  type PageAnswerOptions,
  type PageAsked,
  type PageEnvelope,
  type PageLike,
} from "./envelope/page-answer.ts";
export type { PageCursors, PageLinks, PageParameters } from "./envelope/page-links.ts";

import type { CompressionOptions } from "../coding/compression-settings.ts";
import type { Version } from "../validation/entity-tag.ts";
import type { CacheControl } from "./cache-control.ts";
import type { HeaderFields } from "./header-fields.ts";

/** How a response is written. */
export interface RespondOptions {
  /** 200 to 599. Default: 200; 204 for `undefined`. */
  readonly status?: number;
  /** Default: JSON; `text/plain; charset=utf-8` for strings, `application/octet-stream` for bytes. */
  readonly contentType?: string;
  /** Own fields. `Content-Length` and `Transfer-Encoding` are passed over: they follow from the body. */
  readonly headers?: HeaderFields;
  readonly cacheControl?: CacheControl | string;
  /** Default: `strong`, different for each content coding. `weak` is one for all of them. */
  readonly etag?: "strong" | "weak" | false;
  /** A date, or epoch ms. */
  readonly lastModified?: Date | number;
  /** Request fields that the response depends on. `Accept-Encoding` is added where the coding depends on it. */
  readonly vary?: string | readonly string[];
  /**
   * The version of what is there now, asked before anything else. A request that holds it gets its 304, one with a precondition
   * that fails its 412, and the body, given as a function, is not built. `undefined`: there is nothing at this address.
   * Between this answer and the body the data may change: read both in one snapshot, or let the write check the version too.
   */
  readonly validator?: () => Version | undefined | PromiseLike<Version | undefined>;
  /** `false` sends bodies as they are. */
  readonly compression?: CompressionOptions | false;
}

import { InvalidArgumentError, refuseUnknown } from "@upshift/foundation";
import { AVAILABLE_CODINGS } from "./available-codings.ts";
import { type Coding, isCoding } from "./coding.ts";
import { type CompressionLevels, DEFAULT_LEVELS, toLevels } from "./compress.ts";
import { isCompressible } from "./compressible.ts";

/** When and how bodies are compressed. */
export interface CompressionOptions {
  /** Best first: decides among those that the client likes equally. Default: `br`, `gzip`, and `zstd` where Node has it. */
  readonly codings?: readonly Coding[];
  readonly levels?: Partial<CompressionLevels>;
  /** Smaller bodies stay as they are. Default 1,024. */
  readonly thresholdBytes?: number;
  /** Whether bodies of a content type are worth it. Default: `isCompressible`. */
  readonly filter?: (contentType: string) => boolean;
}

/** `CompressionOptions` with nothing left open. */
export interface CompressionSettings {
  readonly codings: readonly Coding[];
  readonly levels: CompressionLevels;
  readonly thresholdBytes: number;
  readonly filter: (contentType: string) => boolean;
}

/** 1 KB: below it a body and its head fit into one packet anyway, so that compression saves nothing. */
const DEFAULT_THRESHOLD_BYTES = 1_024;

const NAMES: ReadonlySet<keyof CompressionOptions> = new Set([
  "codings",
  "levels",
  "thresholdBytes",
  "filter",
]);

const DEFAULTS: CompressionSettings = {
  codings: AVAILABLE_CODINGS,
  levels: DEFAULT_LEVELS,
  thresholdBytes: DEFAULT_THRESHOLD_BYTES,
  filter: isCompressible,
};

/**
 * @returns `undefined` for `false`
 * @throws {InvalidArgumentError} for options and codings that there are not, a threshold below 0 or a level that a coding does not have
 */
export function toCompressionSettings(
  options: CompressionOptions | false | undefined,
): CompressionSettings | undefined {
  if (options === undefined) return DEFAULTS;
  if (options === false) return undefined;
  refuseUnknown("compression", options, NAMES);
  const { thresholdBytes = DEFAULT_THRESHOLD_BYTES, codings = AVAILABLE_CODINGS } = options;
  if (!(thresholdBytes >= 0)) {
    throw new InvalidArgumentError("`compression.thresholdBytes` >= 0", thresholdBytes);
  }
  for (const coding of codings) {
    if (!isCoding(coding)) {
      throw new InvalidArgumentError("`compression.codings` of br, gzip and zstd", coding);
    }
  }
  return {
    codings: codings.filter((coding) => AVAILABLE_CODINGS.includes(coding)),
    levels: toLevels(options.levels),
    thresholdBytes,
    filter: options.filter ?? isCompressible,
  };
}

/** How values become text in Redis. */
export interface Codec {
  /** @throws {CacheValueError} when the value cannot be brought back as it is */
  encode(value: unknown): string;
  /** @throws when the text is not of this codec: the entry counts as missing */
  decode(text: string): unknown;
}

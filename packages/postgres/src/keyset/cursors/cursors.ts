import { hash } from "node:crypto";
import {
  type Clock,
  type Duration,
  InvalidArgumentError,
  systemClock,
  toMs,
} from "@upshift/foundation";
import { CursorTooLargeError, InvalidCursorError } from "../keyset-errors.ts";
import type { Position } from "../position.ts";
import { canonicalText } from "./canonical-text.ts";
import { type CursorCodec, sealedCodec, signedCodec } from "./cursor-codec.ts";
import { cursorKey } from "./cursor-secret.ts";

export interface CursorsOptions {
  /**
   * Random, 32 bytes or more (`openssl rand -base64 32`); text counts as its UTF-8 bytes. Of a list the first makes cursors and all are accepted: to
   * change a secret put the new one first, and drop the old one when its cursors may die.
   */
  readonly secret: string | Uint8Array | readonly (string | Uint8Array)[];
  /** Hides the values of the keys (AES-256-GCM). Else they can be read, not changed (HMAC-SHA256). Default is `false`. */
  readonly seal?: boolean;
  /** What cursors of this request may be used for beside their query: the tenant, the viewer. Asked at each page; a cursor made under another answer is refused. */
  readonly bind?: () => unknown;
  /** How long a cursor is good for; those made without it are too old at once. Default is for ever: a cursor gives no access, so it need not die. */
  readonly maxAge?: Duration;
  /** Longest cursor in characters; longer ones are refused unread, and not made. Default is 8192. */
  readonly maxLength?: number;
  readonly clock?: Clock;
}

/** Makes cursors of positions and takes them apart again. Safe to share between lists: a cursor of one is refused by the others. */
export interface Cursors {
  /** @param scope - what the cursors belong to: list, order, filters. `bind` is asked now, and what is made has the age of now */
  inScope(scope: unknown): ScopedCursors;
}

export interface ScopedCursors {
  /** @throws {CursorTooLargeError} */
  encode(position: Position): string;
  /** @throws {InvalidCursorError} for whatever `encode` has not made in this scope, or too long ago */
  decode(cursor: unknown): Position;
}

const DEFAULT_MAX_LENGTH = 8192;
/** Milliseconds since 1970 in 48 bits, good until the year 10889; 0 where no age counts. */
const TIME_BYTES = 6;

/**
 * Cursors that nobody else can make, read or (sealed) look into.
 *
 * Base64url of one spelling only; what they are bound to is proved by the signature and not carried.
 *
 * @throws {InvalidArgumentError} for a secret that is short or not random
 */
export function cursors(options: CursorsOptions): Cursors {
  const { bind, clock = systemClock, maxLength = DEFAULT_MAX_LENGTH } = options;
  const maxAgeMs = options.maxAge === undefined ? undefined : toMs(options.maxAge, "maxAge");
  if (!Number.isSafeInteger(maxLength) || maxLength < 1) {
    throw new InvalidArgumentError("`maxLength` as a number of characters > 0", maxLength);
  }
  const [maker, ...others] = codecs(options);
  if (maker === undefined) {
    throw new InvalidArgumentError("`secret` with at least one secret", "an empty list");
  }
  const encode = (position: Position, time: Buffer, context: Buffer): string => {
    const plain = Buffer.concat([time, Buffer.from(JSON.stringify(position))]);
    const cursor = maker.encode(plain, context).toString("base64url");
    if (cursor.length > maxLength) throw new CursorTooLargeError(cursor.length, maxLength);
    return cursor;
  };
  const decode = (cursor: unknown, context: Buffer): Position => {
    const bytes = typeof cursor === "string" ? fromBase64url(cursor, maxLength) : undefined;
    if (bytes === undefined) throw new InvalidCursorError();
    // All secrets are tried, also after one that fits: the time it takes does not tell which one did.
    const [plain] = [maker, ...others].flatMap((codec) => codec.decode(bytes, context) ?? []);
    if (plain === undefined) throw new InvalidCursorError();
    const ageMs = clock.now() - plain.readUIntBE(0, TIME_BYTES);
    if (maxAgeMs !== undefined && ageMs >= maxAgeMs) throw new InvalidCursorError();
    const position: Position = JSON.parse(plain.toString("utf8", TIME_BYTES));
    return position;
  };
  return {
    inScope(scope) {
      const bound = canonicalText([scope, bind?.()]);
      const context = hash("sha256", bound, "buffer");
      const time = Buffer.alloc(TIME_BYTES);
      // Without an age the same page has the same cursors at any time, so that HTTP caches can tell that it has not changed.
      if (maxAgeMs !== undefined) time.writeUIntBE(Math.trunc(clock.now()), 0, TIME_BYTES);
      return {
        encode: (position) => encode(position, time, context),
        decode: (cursor) => decode(cursor, context),
      };
    },
  };
}

function codecs({ secret, seal = false }: CursorsOptions): readonly CursorCodec[] {
  const secrets = isList(secret) ? secret : [secret];
  return secrets.map((each) =>
    seal ? sealedCodec(cursorKey(each, "seal")) : signedCodec(cursorKey(each, "sign")),
  );
}

function isList(secret: CursorsOptions["secret"]): secret is readonly (string | Uint8Array)[] {
  return Array.isArray(secret);
}

/** Bytes of the one spelling that `encode` gives them: no padding, white space, other alphabet or stray last bits. */
function fromBase64url(text: string, maxLength: number): Buffer | undefined {
  if (text.length > maxLength) return undefined;
  const bytes = Buffer.from(text, "base64url");
  return bytes.toString("base64url") === text ? bytes : undefined;
}

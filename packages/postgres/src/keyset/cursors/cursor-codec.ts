import { createCipheriv, createDecipheriv, createHmac, timingSafeEqual } from "node:crypto";

/** Proves bytes to be ours and, sealed, hides them. `context` is proved with them and not carried. */
export interface CursorCodec {
  encode(plain: Buffer, context: Buffer): Buffer;
  /** @returns `undefined` for anything that `encode` did not make with this key and context */
  decode(bytes: Buffer, context: Buffer): Buffer | undefined;
}

/** First byte; of neither form can a cursor pass for the other. */
const SIGNED = 1;
const SEALED = 2;
/** 128 bits of the MAC, as many as of GCM's tag. */
const TAG_BYTES = 16;
const SALT_BYTES = 16;
/** Of zeros: each key of AES is used for one text only. */
const NONCE = Buffer.alloc(12);

/** HMAC-SHA256 over version, context and contents: version(1) contents tag(16). */
export function signedCodec(key: Buffer): CursorCodec {
  const tagOf = (body: Buffer, context: Buffer): Buffer =>
    // The context has a fixed length, so where it ends and the body begins is never in doubt.
    createHmac("sha256", key).update(context).update(body).digest().subarray(0, TAG_BYTES);
  return {
    encode(plain, context) {
      const body = Buffer.concat([Buffer.of(SIGNED), plain]);
      return Buffer.concat([body, tagOf(body, context)]);
    },
    decode(bytes, context) {
      if (bytes[0] !== SIGNED || bytes.length < 1 + TAG_BYTES) return undefined;
      const body = bytes.subarray(0, -TAG_BYTES);
      const isOurs = timingSafeEqual(bytes.subarray(-TAG_BYTES), tagOf(body, context));
      return isOurs ? body.subarray(1) : undefined;
    },
  };
}

/**
 * AES-256-GCM: version(1) salt(16) ciphertext tag(16).
 *
 * Under one key a random nonce of 96 bits may be used 2^32 times (NIST SP 800-38D, 8.3), which a busy list reaches in weeks. Here each cursor has a key of its own,
 * derived from a salt, and the salt is a MAC of the contents: two cursors share it only when they are the same. So equal pages have equal cursors, and HTTP
 * caches can tell.
 */
export function sealedCodec(key: Buffer): CursorCodec {
  const cursorKeyOf = (salt: Buffer): Buffer => createHmac("sha256", key).update(salt).digest();
  return {
    encode(plain, context) {
      const mac = createHmac("sha256", key).update(proved(context)).update(plain).digest();
      const salt = mac.subarray(0, SALT_BYTES);
      const cipher = createCipheriv("aes-256-gcm", cursorKeyOf(salt), NONCE);
      cipher.setAAD(proved(context));
      const hidden = Buffer.concat([cipher.update(plain), cipher.final()]);
      return Buffer.concat([Buffer.of(SEALED), salt, hidden, cipher.getAuthTag()]);
    },
    decode(bytes, context) {
      if (bytes[0] !== SEALED || bytes.length < 1 + SALT_BYTES + TAG_BYTES) return undefined;
      const salt = bytes.subarray(1, 1 + SALT_BYTES);
      const decipher = createDecipheriv("aes-256-gcm", cursorKeyOf(salt), NONCE, {
        authTagLength: TAG_BYTES,
      });
      decipher.setAAD(proved(context));
      decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
      const plain = decipher.update(bytes.subarray(1 + SALT_BYTES, -TAG_BYTES));
      try {
        return Buffer.concat([plain, decipher.final()]);
      } catch {
        return undefined;
      }
    },
  };
}

function proved(context: Buffer): Buffer {
  return Buffer.concat([Buffer.of(SEALED), context]);
}

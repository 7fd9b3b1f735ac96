import { open } from "node:fs/promises";
import { InputUnreadableError } from "../cli-errors.ts";
import type { CliIo } from "../cli-io.ts";

/** No plan and no workload that a person pastes is larger; it bounds the memory. */
const LARGEST_BYTES = 64 * 1024 * 1024;

/**
 * Text of a file, or of standard input for `-`: UTF-8, or UTF-16 as Windows shells redirect it.
 *
 * @param what - what should be in it, for the error: "a query plan"
 * @throws {InputUnreadableError} when it is missing, a folder, empty, over 64 MB, or not text
 */
export async function readInput(file: string, what: string, io: CliIo): Promise<string> {
  const name = file === "-" ? "Standard input" : `The file ${file}`;
  const bytes =
    file === "-" ? await collect(io.stdin, name, io.signal) : await readWhole(file, name);
  const text = decode(bytes);
  if (text === null) {
    throw new InputUnreadableError(`${name} is not text${guessOf(bytes)}. Expected ${what}.`);
  }
  if (text.trim() === "") throw new InputUnreadableError(`${name} is empty. Expected ${what}.`);
  return text;
}

async function readWhole(file: string, name: string): Promise<Uint8Array> {
  const handle = await open(file, "r").catch((error: unknown) => {
    throw new InputUnreadableError(`${name} ${reasonOf(error)}.`, error);
  });
  try {
    const facts = await handle.stat();
    if (facts.isDirectory()) {
      throw new InputUnreadableError(`${name} is a folder. Name a file in it.`);
    }
    // A pipe (process substitution) has no size; it is counted while it is read.
    return await collect(handle.createReadStream({ autoClose: false }), name);
  } catch (error) {
    if (error instanceof InputUnreadableError) throw error;
    throw new InputUnreadableError(`${name} ${reasonOf(error)}.`, error);
  } finally {
    await handle.close();
  }
}

async function collect(
  chunks: AsyncIterable<Uint8Array | string>,
  name: string,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of chunks) {
    signal?.throwIfAborted();
    const part = typeof chunk === "string" ? Buffer.from(chunk) : chunk;
    sizeBytes += part.byteLength;
    if (sizeBytes > LARGEST_BYTES) {
      throw new InputUnreadableError(`${name} is larger than 64 MB. Pass the part that matters.`);
    }
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function decode(bytes: Uint8Array): string | null {
  const isUtf16 = bytes[0] === 0xff && bytes[1] === 0xfe;
  try {
    const text = new TextDecoder(isUtf16 ? "utf-16le" : "utf-8", { fatal: true }).decode(bytes);
    return text.includes("\0") ? null : text;
  } catch {
    return null;
  }
}

function guessOf(bytes: Uint8Array): string {
  const start = Buffer.from(bytes.subarray(0, 4)).toString("latin1");
  if (start.startsWith("\xff\xd8\xff")) return " but a JPEG image";
  if (start.startsWith("\x89PNG")) return " but a PNG image";
  if (start.startsWith("%PDF")) return " but a PDF";
  if (start.startsWith("PK\x03\x04") || start.startsWith("\x1f\x8b")) return " but an archive";
  return "";
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (code === "ENOENT") return "does not exist";
  if (code === "EACCES" || code === "EPERM") return "may not be read by this user";
  if (code === "EISDIR") return "is a folder. Name a file in it";
  return `cannot be read (${code || "unknown reason"})`;
}

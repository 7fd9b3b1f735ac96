import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join, posix } from "node:path";

/*
 * One file: MAGIC, SHA-256 of all that follows, length of the index (uint32 LE), the index as JSON, the contents one after
 * the other. One file, so that a rename publishes it whole and one hash proves it.
 */
const MAGIC = Buffer.from("upshift-twin-1\n");
const HASH_BYTES = 32;

interface ArchiveIndex {
  readonly directories: readonly string[];
  readonly files: readonly (readonly [path: string, sizeBytes: number])[];
}

/** A directory as one buffer; its contents must not change meanwhile. */
export async function packDirectory(directory: string): Promise<Buffer> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const directories: string[] = [];
  const files: [string, number][] = [];
  const contents: Buffer[] = [];
  for (const entry of entries) {
    const path = relativePath(directory, entry.parentPath, entry.name);
    if (entry.isDirectory()) {
      directories.push(path);
    } else if (entry.isFile()) {
      const content = await readFile(join(entry.parentPath, entry.name));
      files.push([path, content.byteLength]);
      contents.push(content);
    }
  }
  const index = Buffer.from(JSON.stringify({ directories, files } satisfies ArchiveIndex));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(index.byteLength);
  const body = Buffer.concat([length, index, ...contents]);
  return Buffer.concat([MAGIC, sha256(body), body]);
}

/**
 * Writes a packed directory out.
 *
 * @param directory - must exist and be empty
 * @returns false when the archive is not whole; nothing was written then
 */
export async function unpackDirectory(archive: Buffer, directory: string): Promise<boolean> {
  const bodyStart = MAGIC.byteLength + HASH_BYTES;
  if (archive.byteLength < bodyStart + 4) return false;
  if (!archive.subarray(0, MAGIC.byteLength).equals(MAGIC)) return false;
  const body = archive.subarray(bodyStart);
  if (!sha256(body).equals(archive.subarray(MAGIC.byteLength, bodyStart))) return false;
  // The hash stands, so the index is what packDirectory wrote.
  const indexEnd = 4 + body.readUInt32LE(0);
  const index: ArchiveIndex = JSON.parse(body.toString("utf8", 4, indexEnd));
  for (const path of index.directories.toSorted()) {
    await mkdir(join(directory, path), { recursive: true, mode: 0o700 });
  }
  let offset = indexEnd;
  for (const [path, sizeBytes] of index.files) {
    const content = body.subarray(offset, offset + sizeBytes);
    await writeFile(join(directory, path), content, { mode: 0o600 });
    offset += sizeBytes;
  }
  return true;
}

function sha256(content: Buffer): Buffer {
  return createHash("sha256").update(content).digest();
}

function relativePath(root: string, parent: string, name: string): string {
  const below = parent.slice(root.length).replaceAll("\\", "/").replace(/^\/+/u, "");
  return below === "" ? name : posix.join(below, name);
}

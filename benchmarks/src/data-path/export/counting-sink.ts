import { Writable } from "node:stream";

/** A destination that counts bytes and lines and keeps nothing. */
export class CountingSink extends Writable {
  sizeBytes = 0;

  override _write(chunk: Buffer, _encoding: string, callback: () => void): void {
    this.sizeBytes += chunk.length;
    callback();
  }
}

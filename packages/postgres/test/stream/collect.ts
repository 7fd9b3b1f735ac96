import { Writable } from "node:stream";

/** A destination that keeps what it is given. */
export class Collector extends Writable {
  readonly #chunks: Buffer[] = [];

  override _write(chunk: Buffer, _encoding: string, callback: () => void): void {
    this.#chunks.push(chunk);
    callback();
  }

  get text(): string {
    return Buffer.concat(this.#chunks).toString();
  }
}

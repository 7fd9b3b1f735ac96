import type { TaskContext } from "../src/map-limit/derived-signal.ts";
import { type Deferred, deferred } from "./deferred.ts";
import type { WorkKind } from "./limited-model.ts";
import { thenable } from "./work.ts";

/** Work of planned kinds; says what was started, and ends what waits when told to. */
export class SimulatedWork {
  readonly started: number[] = [];
  readonly waiting = new Map<number, Deferred<string>>();
  readonly signals = new Map<number, AbortSignal>();
  readonly #kinds: readonly WorkKind[];
  readonly #abort: () => void;

  constructor(kinds: readonly WorkKind[], abort: () => void) {
    this.#kinds = kinds;
    this.#abort = abort;
  }

  readonly task = (
    item: number,
    index: number,
    context: TaskContext,
  ): string | PromiseLike<string> => {
    if (item !== index) throw new Error(`item ${item} came as ${index}`);
    this.started.push(index);
    // Every other one asks for its signal at once, the others never do.
    if (index % 2 === 0) this.signals.set(index, context.signal);
    const kind = this.#kinds[index];
    if (kind === "gives") return `value ${index}`;
    if (kind === "throws") throw new Error(`work ${index}`);
    if (kind === "aborts, then gives") {
      this.#abort();
      return `value ${index}`;
    }
    const waiting = deferred<string>();
    this.waiting.set(index, waiting);
    if (kind === "waits") return waiting.promise;
    return thenable((resolve, reject) => void waiting.promise.then(resolve, reject));
  };

  finish(index: number, isOk: boolean): void {
    const waiting = this.waiting.get(index);
    this.waiting.delete(index);
    if (isOk) waiting?.resolve(`value ${index}`);
    else waiting?.reject(new Error(`work ${index}`));
  }
}

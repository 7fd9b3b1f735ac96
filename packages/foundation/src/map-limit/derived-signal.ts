/** What a running piece of work is given. */
export interface TaskContext {
  /** Aborts when the rest of the call is called off: a sibling failed, the caller's signal aborted, a deadline passed. Made when it is first asked for. */
  readonly signal: AbortSignal;
}

/**
 * A signal for the parts of one call, which aborts with the caller's signal or on its own.
 *
 * It is made on first use: an `AbortSignal` takes Node 20 about 8 µs, more than the rest of a call over a few items.
 */
export class DerivedSignal implements TaskContext {
  readonly #outer: AbortSignal | undefined;
  readonly #forward: (() => void) | undefined;
  #controller: AbortController | undefined;
  #isAborted = false;
  #reason: unknown;

  /**
   * @param onOuterAbort - called once, when `outer` aborts before `release`; it decides whether `abort` is called. Not called when `outer` is aborted already
   */
  constructor(outer: AbortSignal | undefined, onOuterAbort: (reason: unknown) => void) {
    if (outer === undefined || outer.aborted) return;
    this.#outer = outer;
    this.#forward = () => onOuterAbort(outer.reason);
    outer.addEventListener("abort", this.#forward, { once: true });
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      allowManyListeners(this.#controller.signal);
      if (this.#isAborted) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  /** Calls off what uses the signal, and lets go of the outer one. */
  abort(reason: unknown): void {
    this.release();
    if (this.#isAborted) return;
    this.#isAborted = true;
    this.#reason = reason;
    this.#controller?.abort(reason);
  }

  /** Takes the listener off the outer signal, which may live as long as the process. */
  release(): void {
    if (this.#forward !== undefined) this.#outer?.removeEventListener("abort", this.#forward);
  }
}

/** Node warns of a leak at the eleventh listener; a hundred siblings that listen to one signal are none. Not imported, as other packages run in browsers too. */
function allowManyListeners(signal: AbortSignal): void {
  globalThis.process?.getBuiltinModule?.("node:events").setMaxListeners(0, signal);
}

/** Gives tasks the signal of a call and nothing to abort it with. */
export class SharedContext implements TaskContext {
  readonly #derived: DerivedSignal;

  constructor(derived: DerivedSignal) {
    this.#derived = derived;
  }

  get signal(): AbortSignal {
    return this.#derived.signal;
  }
}

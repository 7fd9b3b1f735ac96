import { isPoolLike, type Queryable } from "../../connection/queryable.ts";

/** Where a pool keeps count of the exports that run on it, so that no module has to. */
const SLOTS: unique symbol = Symbol.for("@upshift/postgres/export-slots");

interface SlotsOwner {
  [SLOTS]?: ExportSlots;
}

interface ExportSlots {
  running: number;
  /** In the order in which they came. */
  readonly waiting: { readonly most: number; start(): void }[];
}

/** What pg's `Pool` takes for its own `max`. */
const PG_POOL_MAX = 10;

/** Half of the pool's connections, so that exports leave the other half to everybody else; 1 of what is no pool. */
export function defaultConcurrency(db: Queryable): number {
  return isPoolLike(db) ? Math.max(1, Math.floor(poolMax(db) / 2)) : 1;
}

/**
 * Waits for one of the few places that exports have.
 *
 * @returns gives the place back
 * @throws `signal.reason` when aborted first
 */
export async function takeSlot(
  db: Queryable,
  most: number,
  signal: AbortSignal,
): Promise<() => void> {
  signal.throwIfAborted();
  const slots = slotsOf(db);
  if (slots.running >= most || slots.waiting.length > 0) await waitFor(slots, most, signal);
  else slots.running += 1;
  return () => {
    slots.running -= 1;
    startNext(slots);
  };
}

function waitFor(slots: ExportSlots, most: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const waiter = {
      most,
      start() {
        signal.removeEventListener("abort", abort);
        slots.running += 1;
        resolve();
      },
    };
    const abort = (): void => {
      slots.waiting.splice(slots.waiting.indexOf(waiter), 1);
      reject(signal.reason);
      startNext(slots);
    };
    signal.addEventListener("abort", abort, { once: true });
    slots.waiting.push(waiter);
  });
}

function startNext(slots: ExportSlots): void {
  for (let next = slots.waiting[0]; next !== undefined; next = slots.waiting[0]) {
    if (slots.running >= next.most) return;
    slots.waiting.shift();
    next.start();
  }
}

/** A frozen pool has no place to keep the count, and so no limit. */
function slotsOf(db: Queryable & SlotsOwner): ExportSlots {
  const known = db[SLOTS];
  if (known !== undefined) return known;
  const slots: ExportSlots = { running: 0, waiting: [] };
  if (Object.isExtensible(db)) {
    Object.defineProperty(db, SLOTS, { value: slots, configurable: true, enumerable: false });
  }
  return slots;
}

function poolMax(db: Queryable): number {
  // A pool of `createPool` has pg's own in it.
  const pool = "primary" in db && isObject(db.primary) ? db.primary : db;
  if (!("options" in pool) || !isObject(pool.options)) return PG_POOL_MAX;
  const { options } = pool;
  return "max" in options && typeof options.max === "number" && options.max > 0
    ? options.max
    : PG_POOL_MAX;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

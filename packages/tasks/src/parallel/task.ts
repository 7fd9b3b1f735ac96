import type { TaskContext } from "@upshift/foundation";

/**
 * A function that starts one piece of work and gives its result or a promise of it.
 *
 * @param context - `signal` aborts when the work is no longer wanted: hand it on to `fetch`, to queries, to a nested `parallel`
 */
export type Task<Value = unknown> = (context: TaskContext) => Value | PromiseLike<Value>;

/** Tasks by name. One that is `undefined` is left out: `{ orders: wantsOrders ? loadOrders : undefined }`. */
export type TaskRecord = Readonly<Record<string, Task | undefined>>;

/** Tasks by position. */
export type TaskList = readonly (Task | undefined)[];

/** What `parallel` and `settle` run. The last form adds nothing but makes TypeScript infer each position of a list. */
export type Tasks = TaskRecord | TaskList | readonly [Task | undefined];

/** What a task gives in the end. */
export type TaskValue<Entry> = Entry extends (...args: never[]) => infer Returned
  ? Awaited<Returned>
  : undefined;

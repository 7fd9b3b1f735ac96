import { InvalidArgumentError, kindOf } from "@upshift/foundation";
import type { Task, TaskList, Tasks } from "./task.ts";

/** The tasks of one call, in order, without those that are left out. */
export interface NamedTasks {
  /** Keys of a record; positions of a list. */
  readonly names: readonly string[];
  readonly tasks: readonly Task[];
  /** `"list"` when results go back by position. */
  readonly form: "record" | "list";
  /** Positions of a list, those of tasks that are left out among them. */
  readonly entryCount: number;
  /** True also for a task that is left out. */
  readonly hasEntry: (name: string) => boolean;
}

/**
 * Reads and checks the tasks before any is started.
 *
 * @throws {InvalidArgumentError} for what is no function: a promise's work has started already and could neither be limited nor called off
 */
export function readTasks(tasks: Tasks): NamedTasks {
  const kind = kindOf(tasks);
  if (kind !== "an object" && kind !== "an array")
    throw new InvalidArgumentError("`tasks` as a record or a list of functions", kind);
  if (Object.getOwnPropertySymbols(tasks).length > 0)
    throw new InvalidArgumentError("`tasks` with names that are text", "a symbol");
  const names: string[] = [];
  const found: Task[] = [];
  const isByPosition = isList(tasks);
  const add = (name: string, task: unknown): void => {
    if (task === undefined) return;
    if (!isTask(task)) {
      ignoreRejections(tasks);
      throw new InvalidArgumentError(
        `task \`${name}\` as a function that starts its work, \`() => …\``,
        task instanceof Promise ? "a promise" : typeof task,
      );
    }
    names.push(name);
    found.push(task);
  };
  if (isByPosition) for (const [position, task] of tasks.entries()) add(String(position), task);
  else for (const name of Object.keys(tasks)) add(name, tasks[name]);
  return {
    names,
    tasks: found,
    form: isByPosition ? "list" : "record",
    entryCount: isByPosition ? tasks.length : names.length,
    hasEntry: (name) => Object.hasOwn(tasks, name),
  };
}

function isList(tasks: Tasks): tasks is TaskList {
  return Array.isArray(tasks);
}

function isTask(task: unknown): task is Task {
  return typeof task === "function";
}

/** The caller is told what is wrong; that such a promise also rejects shall not end the process. */
function ignoreRejections(tasks: Tasks): void {
  for (const task of Object.values<unknown>(tasks)) {
    if (task instanceof Promise) task.catch(() => undefined);
  }
}

/** Puts values back under the names of their tasks. */
export function byName(
  { names, form, entryCount }: NamedTasks,
  values: readonly unknown[],
): Readonly<Record<string, unknown>> | readonly unknown[] {
  if (form === "record") return recordOf(names, values);
  if (names.length === entryCount) return values;
  const list = Array.from({ length: entryCount }, (): unknown => undefined);
  for (const [position, name] of names.entries()) list[Number(name)] = values[position];
  return list;
}

/** `Object.fromEntries`, which takes longer than the rest of a call. */
function recordOf(names: readonly string[], values: readonly unknown[]): Record<string, unknown> {
  const record: Record<string, unknown> = {};
  let position = 0;
  for (const name of names) {
    const value = values[position++];
    if (name === "__proto__")
      Object.defineProperty(record, name, {
        value,
        configurable: true,
        enumerable: true,
        writable: true,
      });
    else record[name] = value;
  }
  return record;
}

/** Some of the values: under their names, or of a list those there are, in order. */
export function onlyThose(
  { form }: NamedTasks,
  entries: readonly (readonly [name: string, value: unknown])[],
): Readonly<Record<string, unknown>> | readonly unknown[] {
  return form === "list" ? entries.map(([, value]) => value) : Object.fromEntries(entries);
}

/**
 * Names of the tasks that are not done, for a deadline.
 *
 * @param startedCount - tasks start in order
 */
export function unfinished(
  { names }: NamedTasks,
  startedCount: number,
  isDone: (position: number) => boolean,
): { readonly running: readonly string[]; readonly waiting: readonly string[] } {
  return {
    running: names.slice(0, startedCount).filter((_, position) => !isDone(position)),
    waiting: names.slice(startedCount),
  };
}

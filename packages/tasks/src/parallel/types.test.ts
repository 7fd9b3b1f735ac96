import type { Failure } from "@upshift/foundation";
import { expect, expectTypeOf, test } from "vitest";
import { parallel } from "./parallel.ts";
import { settle } from "./settle.ts";
import type { SettledOutcome } from "./settle-types.ts";
import type { Task } from "./task.ts";

interface User {
  readonly id: number;
}
const loadUser = async (): Promise<User> => ({ id: 1 });
const loadOrders = async (): Promise<readonly string[]> => ["order"];

test("results of `parallel` are typed by name, read-only", async () => {
  const result = await parallel({
    user: loadUser,
    orders: ({ signal }) => {
      expectTypeOf(signal).toEqualTypeOf<AbortSignal>();
      return loadOrders();
    },
    sync: () => 1,
  });
  expectTypeOf(result).toEqualTypeOf<{
    readonly user: User;
    readonly orders: readonly string[];
    readonly sync: number;
  }>();
  expect(result).toEqual({ user: { id: 1 }, orders: ["order"], sync: 1 });
});

test("results of a list are typed by position", async () => {
  const pair = await parallel([loadUser, () => "two"]);
  expectTypeOf(pair).toEqualTypeOf<readonly [User, string]>();
  expect(pair).toEqual([{ id: 1 }, "two"]);
  const tasks: readonly Task<number>[] = [() => 1, async () => 2];
  const numbers = await parallel(tasks);
  expectTypeOf(numbers).toEqualTypeOf<readonly number[]>();
  expect(numbers).toEqual([1, 2]);
  expectTypeOf(await parallel([])).toEqualTypeOf<readonly []>();
  expectTypeOf(await parallel({})).toEqualTypeOf<{}>();
});

test("a task that may be left out may have no value; one that never returns has none", async () => {
  const tasks: {
    readonly user: Task<User>;
    readonly orders?: () => Promise<number>;
    readonly maybe: (() => string) | undefined;
  } = { user: loadUser, maybe: undefined };
  const result = await parallel(tasks);
  expectTypeOf(result).toEqualTypeOf<{
    readonly user: User;
    readonly orders?: number | undefined;
    readonly maybe: string | undefined;
  }>();
  expect(result).toEqual({ user: { id: 1 } });
  const failing = parallel({
    fails: (): never => {
      throw new Error("always");
    },
  });
  expectTypeOf(failing).resolves.toEqualTypeOf<{ readonly fails: never }>();
  await expect(failing).rejects.toThrow("always");
});

test("what is no function is a type error, and refused", async () => {
  // @ts-expect-error a promise's work has started already
  await expect(parallel({ user: loadUser() })).rejects.toThrow("`user`");
  // @ts-expect-error a value is no task
  await expect(parallel([1])).rejects.toThrow("`0`");
});

test("outcomes of `settle` are typed by name, with the type of their fallback", async () => {
  const { outcomes, successes, failures } = await settle(
    { user: loadUser, orders: loadOrders, ads: async () => 3 },
    { fallback: { orders: () => null, ads: "none" } },
  );
  expectTypeOf(outcomes).toEqualTypeOf<{
    readonly user: SettledOutcome<User>;
    readonly orders: SettledOutcome<readonly string[] | null>;
    readonly ads: SettledOutcome<number | string>;
  }>();
  expectTypeOf(successes).toEqualTypeOf<{
    readonly user?: User;
    readonly orders?: readonly string[] | null;
    readonly ads?: number | string;
  }>();
  expectTypeOf(failures).toEqualTypeOf<{
    readonly user?: unknown;
    readonly orders?: unknown;
    readonly ads?: unknown;
  }>();
  if (outcomes.user.ok) expectTypeOf(outcomes.user.value).toEqualTypeOf<User>();
  else expectTypeOf(outcomes.user).toEqualTypeOf<Failure>();
  expect(outcomes.user).toEqual({ ok: true, value: { id: 1 } });
});

test("outcomes of a list are typed by position", async () => {
  const { outcomes, successes, failures } = await settle([loadUser, () => "two"], {
    fallback: { 1: (error) => (error instanceof Error ? 2 : 3) },
  });
  expectTypeOf(outcomes).toEqualTypeOf<
    readonly [SettledOutcome<User>, SettledOutcome<string | 2 | 3>]
  >();
  expectTypeOf(successes).toEqualTypeOf<readonly (User | string | 2 | 3)[]>();
  expectTypeOf(failures).toEqualTypeOf<readonly unknown[]>();
  expect(successes).toEqual([{ id: 1 }, "two"]);
});

test("no fallback: the task's own type", async () => {
  const { outcomes } = await settle({ user: loadUser }, { quorum: 1 });
  expectTypeOf(outcomes).toEqualTypeOf<{ readonly user: SettledOutcome<User> }>();
  const plain = await settle({ user: loadUser });
  expectTypeOf(plain.outcomes).toEqualTypeOf<{ readonly user: SettledOutcome<User> }>();
  // @ts-expect-error no task has this name
  await expect(settle({ user: loadUser }, { fallback: { usr: 1 } })).rejects.toThrow("usr");
});

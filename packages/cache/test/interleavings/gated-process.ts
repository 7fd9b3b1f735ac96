import { hasErrorCode } from "@upshift/foundation";
import type { SimulatedClock } from "@upshift/foundation/testing";
import type { Redis } from "@upshift/redis";
import {
  all,
  type Cache,
  createCache,
  type Definition,
  type InvalidationResult,
  pattern,
  tag,
  writeThrough,
} from "../../src/index.ts";
import type { News } from "../../src/journal/news.ts";
import type { Action } from "./gated-redis.ts";
import { type Floors, type Key, KEYS, type Model } from "./model.ts";
import {
  type Actor,
  type Invalidating,
  keysOf,
  policyOf,
  type Scenario,
  type Step,
} from "./scenario.ts";

interface Surroundings {
  readonly clock: SimulatedClock;
  readonly model: Model;
  readonly redis: Redis | undefined;
  readonly onViolation: (violation: string) => void;
}

/** Something of the database that has not come back yet. */
interface Waiting {
  readonly label: string;
  readonly kind: "load" | "fail" | "commit";
  readonly run: () => void;
}

interface RunningActor {
  readonly name: string;
  readonly steps: readonly Step[];
  position: number;
  isBusy: boolean;
}

class LoadFailedByTest extends Error {}

/** One process with a cache, its application and its way to the database. */
export class GatedProcess {
  readonly name: string;
  readonly #all: readonly string[];
  readonly #scenario: Scenario;
  readonly #around: Surroundings;
  readonly #cache: Cache<{ changed: (payload: { tag: string }) => ReturnType<typeof tag> }>;
  readonly #users: Definition<Key, number>;
  readonly #actors: readonly RunningActor[];
  #waiting: Waiting[] = [];
  /** What writes through have written, by their number. */
  readonly #committed = new Map<number, number>();
  #count = 0;
  #isOpen = true;
  /** How often the database was asked. */
  loadCount = 0;

  constructor(
    name: string,
    processes: readonly string[],
    scenario: Scenario,
    surroundings: Surroundings,
  ) {
    this.name = name;
    this.#all = processes;
    this.#scenario = scenario;
    this.#around = surroundings;
    const { clock, redis, model } = surroundings;
    this.#cache = createCache({
      clock,
      random: () => 0,
      // Room for fifty thousand would be made anew in every run.
      l1: { maxEntries: 16 },
      ...(redis === undefined ? {} : { redis }),
      l2: { breaker: { after: 1_000 } },
      defaults: policyOf(scenario),
      events: { changed: (payload: { tag: string }) => tag(payload.tag) },
    });
    this.#users = this.#cache.define<Key, number>("user", {
      load: (key, context) => {
        context.tags("t");
        this.loadCount += 1;
        return this.#fromDatabase(`load ${key}`, model.rows[key]);
      },
      tags: () => ["t"],
      ...(scenario.hasVersion ? { version: (version: number) => version } : {}),
      ...(scenario.isThrough
        ? { write: writeThrough<Key, number>((key, id) => this.#save(key, id)) }
        : {}),
    });
    this.#actors = scenario.actors
      .filter(({ process }) => process === name)
      .map(({ steps }: Actor, index) => ({
        name: `${name}${index}`,
        steps,
        position: 0,
        isBusy: false,
      }));
  }

  get isDone(): boolean {
    return this.#actors.every(
      ({ steps, position, isBusy }) => !isBusy && position === steps.length,
    );
  }

  async start(): Promise<void> {
    await this.#cache.ready();
    if (this.#scenario.warm.includes(this.name)) await this.#users.getMany(KEYS);
  }

  /** The database answers when it is told to from now on. */
  hold(): void {
    this.#isOpen = false;
  }

  actions(): readonly Action[] {
    const { hasFailures } = this.#scenario;
    const starts = this.#actors
      .filter(({ isBusy, position, steps }) => !isBusy && position < steps.length)
      .map((actor) =>
        this.#action("start", `start ${actor.name}.${actor.position}`, () => this.#begin(actor)),
      );
    const ends = this.#waiting
      .filter(({ kind }) => kind !== "fail" || hasFailures)
      .map(({ kind, label, run }) => this.#action(kind, label, run));
    return [...starts, ...ends];
  }

  /** The database answers at once from now on, and all calls are made. */
  open(): void {
    this.#isOpen = true;
    for (const { kind, run } of this.#waiting.splice(0)) if (kind !== "fail") run();
    for (const actor of this.#actors)
      if (!actor.isBusy && actor.position < actor.steps.length) this.#begin(actor);
  }

  /** Everything has arrived everywhere: reads give what the database has. */
  async checkNewest(): Promise<void> {
    for (const key of KEYS) {
      // The first may still learn how a load failed that it waited for.
      if (this.#scenario.hasFailures) await this.#users.get(key).catch(() => {});
      const version = await this.#users
        .get(key)
        .catch((error: unknown) => `failed: ${String(error)}`);
      const { model, onViolation } = this.#around;
      if (version !== model.rows[key] && !model.concurrent.has(Number(version)))
        onViolation(
          `when all is quiet ${this.name} reads ${key} as ${String(version)}, and the database has ${model.rows[key]}`,
        );
    }
  }

  checkMemory(): void {
    const { model, onViolation } = this.#around;
    const floors = model.inMemory(this.name);
    for (const key of KEYS) {
      const version = floors[key] === 0 ? undefined : this.#users.peek(key);
      if (version === undefined) continue;
      const violation = model.check(`memory of ${this.name}`, key, version, floors[key]);
      if (violation !== undefined) onViolation(violation);
    }
  }

  async close(): Promise<void> {
    await this.#cache.close();
  }

  #action(kind: Action["kind"], what: string, run: () => void): Action {
    return { kind, label: `${this.name} ${what}`, process: this.name, keys: [], run };
  }

  #fromDatabase(what: string, version: number): Promise<number> | number {
    if (this.#isOpen) return version;
    return this.#wait("load", what, () => version);
  }

  /** Between the moment of the commit and that of its answer others may do anything. */
  async #save(key: Key, id: number): Promise<number> {
    const commit = (): number => {
      const version = this.#around.model.write(key);
      this.#committed.set(id, version);
      return version;
    };
    if (this.#isOpen) return commit();
    const version = await this.#wait("commit", `commit ${key}`, commit);
    if (this.#isOpen) return version;
    return await this.#wait("load", `saved ${key}`, () => version);
  }

  #wait(kind: "load" | "commit", what: string, result: () => number): Promise<number> {
    this.#count += 1;
    const id = `${what} ${this.#count}`;
    return new Promise((resolve, reject) => {
      const end = (then: () => void) => () => {
        this.#waiting = this.#waiting.filter((each) => each !== good && each !== bad);
        then();
      };
      const good: Waiting = { kind, label: id, run: end(() => resolve(result())) };
      const bad: Waiting = {
        kind: "fail",
        label: `${id} fails`,
        run: end(() => reject(new LoadFailedByTest("the database"))),
      };
      this.#waiting.push(good, bad);
    });
  }

  #begin(actor: RunningActor): void {
    const step = actor.steps[actor.position];
    if (step === undefined) return;
    actor.position += 1;
    actor.isBusy = true;
    void this.#run(step)
      .catch((error: unknown) => this.#onFailed(step, error))
      .finally(() => {
        actor.isBusy = false;
      });
  }

  #onFailed(step: Step, error: unknown): void {
    const { hasFailures, hasTime } = this.#scenario;
    if (hasFailures || (hasTime && hasErrorCode(error, "UPSHIFT_CACHE_LOAD_TIMEOUT"))) return;
    this.#around.onViolation(`${this.name} ${step.do} failed: ${String(error)}`);
  }

  async #run(step: Step): Promise<void> {
    if (step.do === "get" || step.do === "getMany") {
      const least = this.#around.model.forRead(this.name, this.#scenario.policy !== "noMemory");
      if (step.do === "get") this.#checkRead(step.key, await this.#users.get(step.key), least);
      else {
        const versions = await this.#users.getMany(KEYS);
        for (const [index, key] of KEYS.entries()) this.#checkRead(key, versions[index], least);
      }
      return;
    }
    if (step.do === "peek") {
      const version = this.#users.peek(step.key);
      if (version !== undefined)
        this.#checkRead(step.key, version, this.#around.model.inMemory(this.name));
      return;
    }
    if (step.do === "set") await this.#set(step.key);
    else await this.#invalidate(step);
  }

  #checkRead(key: Key, version: number | undefined, least: Floors): void {
    const { model, onViolation } = this.#around;
    const violation =
      version === undefined || version > model.rows[key]
        ? `${this.name} reads ${key} as ${String(version)}`
        : model.check(`a read of ${this.name}`, key, version, least[key]);
    if (violation !== undefined) onViolation(violation);
  }

  async #set(key: Key): Promise<void> {
    const { model } = this.#around;
    if (this.#scenario.isThrough) {
      this.#count += 1;
      const id = this.#count;
      const invalidation = model.begin(this.name, [["set", "user", key]], []);
      const { status } = await this.#users.set(key, id);
      invalidation.floors = { a: 0, b: 0, [key]: this.#committed.get(id) ?? 0 };
      this.#end(invalidation, status);
      return;
    }
    const version = model.write(key);
    const invalidation = model.begin(this.name, [["set", "user", key]], [key]);
    model.beginSet(version);
    const { status } = await this.#users.set(key, version);
    // One that was not answered in time may arrive yet, until what has to go in its place has arrived.
    if (status !== "queued") model.endSet(version);
    this.#end(invalidation, status);
  }

  async #invalidate(step: Invalidating): Promise<void> {
    const { model } = this.#around;
    const keys = keysOf(step);
    for (const key of keys) model.write(key);
    const [news, call] = this.#callOf(step);
    const invalidation = model.begin(this.name, [news], keys);
    const { status } = await call();
    this.#end(invalidation, status);
  }

  #end(invalidation: ReturnType<Model["begin"]>, status: InvalidationResult["status"]): void {
    // Only tags can be expired otherwise.
    const isStrict = this.#scenario.policy === "strict" && !invalidation.news.includes("~");
    this.#around.model.end(invalidation, status, isStrict, this.#all);
  }

  #callOf(step: Invalidating): readonly [News, () => Promise<InvalidationResult>] {
    const cache = this.#cache;
    const users = this.#users;
    const isStrict = this.#scenario.policy === "strict";
    const invalidate = (target: ReturnType<typeof tag>): Promise<InvalidationResult> =>
      isStrict ? cache.invalidateStrictly(target) : cache.invalidate(target);
    switch (step.do) {
      case "delete":
        return [["key", "user", step.key, 0], () => users.delete(step.key)];
      case "hold":
        return [["key", "user", step.key, 1], () => users.delete(step.key, { hold: 1 })];
      case "expire":
        return [["expire", "user", step.key], () => users.expire(step.key)];
      case "tag":
        return [["tag", "#t"], () => invalidate(tag("t"))];
      case "pattern":
        return [["pattern", "user:*"], () => invalidate(pattern("user:*"))];
      case "clear":
        return [["tag", "@user"], () => users.clear()];
      case "all":
        return [["tag", "*"], () => invalidate(all())];
      case "emit":
        return [
          ["tag", "#t"],
          () => cache.emit("changed", { tag: "t" }, isStrict ? { consistency: "strict" } : {}),
        ];
      case "expireTag":
        break;
    }
    return [["tag", "~#t"], () => cache.expire(tag("t"))];
  }
}

import { createSimulatedClock, type SimulatedClock } from "@upshift/foundation/testing";
import type { Redis, Reply } from "@upshift/redis";
import { createMemoryRedisServer, type MemoryRedisServer } from "@upshift/redis/testing";
import { defaultCodec } from "../../src/codec/default-codec.ts";
import { readStored } from "../../src/entry/stored-value.ts";
import * as journalScripts from "../../src/journal/journal-scripts.ts";
import * as entryScripts from "../../src/redis-level/entry-scripts.ts";
import { type Action, GatedRedis, type Sabotage } from "./gated-redis.ts";
import { KEYS, Model } from "./model.ts";
import { GatedProcess } from "./gated-process.ts";
import { type Scenario, SHORT_MS } from "./scenario.ts";

/** What many runs share, since a server compiles its scripts once. */
export class Stage {
  readonly clock: SimulatedClock = createSimulatedClock(1_700_000_000_000);
  readonly server: MemoryRedisServer = createMemoryRedisServer({
    clock: this.clock,
    // Held back by the connection that receives it.
    deliver: (send) => send(),
  });
  readonly inspector: Redis = this.server.connect();

  /** Loads the scripts: that each of them is sent once is no part of any schedule. */
  async prepare(): Promise<this> {
    for (const script of [...Object.values(entryScripts), ...Object.values(journalScripts)])
      if (typeof script === "object") await this.inspector.send(["SCRIPT", "LOAD", script.lua]);
    return this;
  }
}

const settled = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** After so long with nothing left to happen, a call hangs. */
const MOST_TICKS = 400;
const TAGS = ["*", "@user", "#t"];
const WITH_EXPIRY = [...TAGS, ...TAGS.map((tag) => `~${tag}`)];

/** A fleet in one process: everything that may happen happens one at a time, when it is told to. */
export class World {
  readonly model: Model = new Model();
  readonly violations: string[] = [];
  readonly #stage: Stage;
  readonly #scenario: Scenario;
  readonly #processes: readonly GatedProcess[];
  readonly #gates: readonly GatedRedis[];

  constructor(stage: Stage, scenario: Scenario, sabotage?: Sabotage) {
    this.#stage = stage;
    this.#scenario = scenario;
    // It runs before anything is sent by what is made now.
    void stage.inspector.send(["FLUSHALL"]);
    const names = [...new Set(scenario.actors.map(({ process }) => process))];
    const gates: GatedRedis[] = [];
    this.#processes = names.map((name) => {
      let gate: GatedRedis | undefined;
      if (scenario.hasRedis) {
        gate = new GatedRedis(stage.server, name, {
          isCluster: scenario.isCluster,
          isCoarse: scenario.isCoarse,
          hasFaults: scenario.hasFaults,
          sabotage,
          onExecuted: (process, command, reply) => this.#onExecuted(process, command, reply),
          onDelivered: (process, text) => this.model.delivered(process, text),
        });
        gates.push(gate);
      }
      return new GatedProcess(name, names, scenario, {
        clock: stage.clock,
        model: this.model,
        redis: gate?.redis,
        onViolation: (violation) => this.violations.push(violation),
      });
    });
    this.#gates = gates;
  }

  async start(): Promise<void> {
    for (const key of KEYS) this.model.write(key);
    for (const process of this.#processes) await process.start();
    await settled();
    if (this.#scenario.isAged) await this.#stage.clock.advance(SHORT_MS + 1);
    for (const process of this.#processes) process.hold();
    for (const gate of this.#gates) gate.isOpen = false;
  }

  /** What may happen next. */
  actions(): readonly Action[] {
    const actions = [
      ...this.#processes.flatMap((process) => process.actions()),
      ...this.#gates.flatMap((gate) => gate.actions()),
    ];
    // What one hears that has nothing left to do makes no difference to any other: at once is as good as later.
    const idle = actions.find(
      ({ kind, process }) =>
        kind === "message" &&
        actions.every((other) => other.process !== process || other.kind === "message") &&
        this.#processes.every((each) => each.name !== process || each.isDone),
    );
    if (idle !== undefined && !this.#scenario.hasFaults) return [idle];
    if (this.#scenario.hasTime && this.#processes.some(({ isDone }) => !isDone))
      actions.push({ kind: "fault", label: "tick", process: "", keys: ["*"], run: () => {} });
    return actions;
  }

  async run(action: Action): Promise<void> {
    action.run();
    if (action.label === "tick") await this.#tick();
    await settled();
    await this.#check(action);
  }

  /** Lets everything happen that is left, and looks at what all read then. */
  async end(): Promise<void> {
    for (let ticks = 0; this.#processes.some(({ isDone }) => !isDone); ticks += 1) {
      if (ticks > MOST_TICKS) {
        this.violations.push("a call never ends");
        break;
      }
      for (const gate of this.#gates) gate.open();
      for (const process of this.#processes) process.open();
      await settled();
      if (ticks > 3 && this.#processes.some(({ isDone }) => !isDone)) await this.#tick();
    }
    for (const process of this.#processes) process.open();
    for (const gate of this.#gates) gate.open();
    await settled();
    // A heartbeat, and the second in which what Redis has not taken is tried again.
    if (this.#scenario.hasFaults || this.#scenario.hasTime) await this.#stage.clock.advance(2_500);
    if (this.violations.length > 0) return;
    for (const process of this.#processes) await this.#untilDone(process.checkNewest());
  }

  async close(): Promise<void> {
    for (const process of this.#processes) process.open();
    for (const gate of this.#gates) gate.open();
    for (const process of this.#processes) await process.close();
    for (const { redis } of this.#gates) await redis.close({ timeoutMs: 0 });
    await settled();
    if (this.#stage.clock.timerCount > 0)
      this.violations.push(`${this.#stage.clock.timerCount} timers are left after closing`);
  }

  /** A lease whose end was lost keeps others waiting for its time. */
  async #untilDone(call: Promise<void>): Promise<void> {
    let isDone = false;
    const ended = call.finally(() => {
      isDone = true;
    });
    for (let ticks = 0; ticks < MOST_TICKS; ticks += 1) {
      await settled();
      if (isDone) return await ended;
      await this.#tick();
    }
    this.violations.push("a call never ends");
  }

  async #tick(): Promise<void> {
    const { clock } = this.#stage;
    const { nextAtMs } = clock;
    if (nextAtMs !== undefined) await clock.advance(nextAtMs - clock.now());
  }

  #onExecuted(process: string, command: readonly string[], reply: Reply): void {
    if (command[1] !== journalScripts.ANNOUNCE.sha || !Array.isArray(reply)) return;
    this.model.announced(process, String(reply[0]), command[8] ?? "");
  }

  async #check({ kind }: Action): Promise<void> {
    const { applied } = this.model;
    for (const process of this.#processes) process.checkMemory();
    if (!this.#scenario.hasRedis || (kind !== "execute" && kind !== "reply")) return;
    for (const key of KEYS) {
      if (applied[key] === 0) continue;
      const version = await this.#inRedis(key);
      if (version === undefined) continue;
      const violation = this.model.check("Redis", key, version, applied[key]);
      if (violation !== undefined) this.violations.push(violation);
    }
  }

  /** The version that a reader would find there and give out as fresh. */
  async #inRedis(key: string): Promise<number | undefined> {
    const { inspector } = this.#stage;
    const text = await inspector.send(["HGET", `cache:user:${key}`, "v"]);
    const stored = typeof text === "string" ? readStored(text, defaultCodec) : undefined;
    if (stored === undefined || stored.softUntilMs === 0) return undefined;
    const scores = await inspector.send(["ZMSCORE", "{cache}:tags", ...WITH_EXPIRY]);
    const isVoid =
      Array.isArray(scores) &&
      scores.some((score) => typeof score === "string" && Number(score) > stored.clock);
    return isVoid ? undefined : Number(stored.value);
  }
}

import type { Action, Sabotage } from "./gated-redis.ts";
import { describeScenario, type Scenario } from "./scenario.ts";
import { type Stage, World } from "./world.ts";

/** A schedule that broke a promise, as it can be played again. */
export interface Failure {
  readonly scenario: Scenario;
  readonly labels: readonly string[];
  readonly violations: readonly string[];
}

export interface Explored {
  /** Schedules that were played to their end, no two of them the same but for the order of what does not matter. */
  readonly scheduleCount: number;
  readonly stepCount: number;
  readonly isComplete: boolean;
  readonly failure: Failure | undefined;
}

/** Everything that an action was compared by. */
type Step = Pick<Action, "label" | "process" | "kind" | "keys">;

interface Node {
  readonly candidates: readonly Step[];
  /** Explored from an earlier sibling, and nothing since has touched what they touch. */
  readonly asleep: readonly Step[];
  position: number;
}

/** Plays every schedule of a scenario once, save those that only swap what does not touch the same (sleep sets: Godefroid, 1996). */
export async function exploreAll(
  stage: Stage,
  scenario: Scenario,
  options: { readonly most: number; readonly sabotage?: Sabotage | undefined },
): Promise<Explored> {
  const path: Node[] = [];
  let scheduleCount = 0;
  let stepCount = 0;
  for (;;) {
    const world = new World(stage, scenario, options.sabotage);
    const labels: string[] = [];
    await world.start();
    let isRedundant = false;
    let asleep: readonly Step[] = [];
    for (let depth = 0; world.violations.length === 0; depth += 1) {
      const actions = world.actions();
      if (actions.length === 0) break;
      let node = path[depth];
      if (node === undefined) {
        const labelsAsleep = new Set(asleep.map(({ label }) => label));
        const candidates = actions.filter(({ label }) => !labelsAsleep.has(label));
        if (candidates.length === 0) {
          isRedundant = true;
          break;
        }
        node = { candidates: candidates.map(snapshot), asleep, position: 0 };
        path.push(node);
      }
      const chosen = node.candidates[node.position];
      const action = actions.find(({ label }) => label === chosen?.label);
      if (chosen === undefined || action === undefined)
        throw new Error(`no ${chosen?.label ?? "choice"} after ${labels.join(", ")}`);
      asleep = [...node.asleep, ...node.candidates.slice(0, node.position)].filter((each) =>
        isIndependent(each, chosen, scenario.isCoarse),
      );
      labels.push(action.label);
      stepCount += 1;
      await world.run(action);
    }
    if (!isRedundant) {
      scheduleCount += 1;
      if (world.violations.length === 0) await world.end();
    }
    await world.close();
    const { violations } = world;
    const done = { scheduleCount, stepCount };
    if (!isRedundant && violations.length > 0)
      return { ...done, isComplete: false, failure: { scenario, labels, violations } };
    while (path.length > 0) {
      const last = path[path.length - 1];
      if (last === undefined) break;
      last.position += 1;
      if (last.position < last.candidates.length) break;
      path.pop();
    }
    if (path.length === 0) return { ...done, isComplete: true, failure: undefined };
    if (scheduleCount >= options.most) return { ...done, isComplete: false, failure: undefined };
  }
}

const snapshot = ({ label, process, kind, keys }: Action): Step => ({ label, process, kind, keys });

/** Whether the two lead to the same state in either order, and neither is seen by what the other checks. */
function isIndependent(one: Step, other: Step, isCoarse: boolean): boolean {
  if (one.kind === "fault" || other.kind === "fault") return false;
  if (one.process === other.process) return false;
  const kinds = new Set([one.kind, other.kind]);
  if (one.kind === "execute" && other.kind === "execute")
    return !one.keys.some(
      (key) => key === "*" || other.keys.includes(key) || other.keys.includes("*"),
    );
  // What is called may write to the database, which an answer makes others read, and is promised what others were answered.
  if (kinds.has("start") || kinds.has("commit"))
    return (kinds.has("execute") && !isCoarse) || (kinds.has("load") && !kinds.has("start"));
  return true;
}

/** What is left then happens in order: faults and time could go on for ever. */
const MOST_STEPS = 100;

/** Plays one schedule, as `choose` picks it. */
export async function play(
  stage: Stage,
  scenario: Scenario,
  choose: (actions: readonly Action[]) => Action | undefined,
  sabotage?: Sabotage,
): Promise<{ readonly stepCount: number; readonly failure: Failure | undefined }> {
  const world = new World(stage, scenario, sabotage);
  const labels: string[] = [];
  await world.start();
  while (world.violations.length === 0 && labels.length < MOST_STEPS) {
    const actions = world.actions();
    const action = actions.length === 0 ? undefined : choose(actions);
    if (action === undefined) break;
    labels.push(action.label);
    await world.run(action);
  }
  if (world.violations.length === 0) await world.end();
  await world.close();
  const { violations } = world;
  return {
    stepCount: labels.length,
    failure: violations.length === 0 ? undefined : { scenario, labels, violations },
  };
}

/** Plays a schedule again that was printed. What is not possible any more is left out. */
export function replay(
  stage: Stage,
  { scenario, labels }: Pick<Failure, "scenario" | "labels">,
  sabotage?: Sabotage,
): ReturnType<typeof play> {
  const left = [...labels];
  return play(
    stage,
    scenario,
    (actions) => {
      for (let label = left.shift(); label !== undefined; label = left.shift()) {
        const action = actions.find((each) => each.label === label);
        if (action !== undefined) return action;
      }
      return undefined;
    },
    sabotage,
  );
}

/** Leaves out whatever the failure does not need, one thing at a time. */
export async function shrink(
  stage: Stage,
  failure: Failure,
  sabotage?: Sabotage,
): Promise<Failure> {
  let smallest = failure;
  for (let isSmaller = true; isSmaller;) {
    isSmaller = false;
    for (const candidate of smallerThan(smallest)) {
      const { failure: again } = await replay(stage, candidate, sabotage);
      if (again === undefined || sizeOf(again) >= sizeOf(smallest)) continue;
      smallest = again;
      isSmaller = true;
      break;
    }
  }
  return smallest;
}

const sizeOf = ({ scenario, labels }: Pick<Failure, "scenario" | "labels">): number =>
  labels.length + 10 * scenario.actors.reduce((sum, { steps }) => sum + steps.length, 0);

function* smallerThan({
  scenario,
  labels,
}: Failure): Generator<Pick<Failure, "scenario" | "labels">> {
  for (const [at, actor] of scenario.actors.entries())
    for (let step = 0; step < actor.steps.length; step += 1) {
      const steps = actor.steps.toSpliced(step, 1);
      yield {
        scenario: { ...scenario, actors: scenario.actors.with(at, { ...actor, steps }) },
        labels,
      };
    }
  for (let at = 0; at < labels.length; at += 1) yield { scenario, labels: labels.toSpliced(at, 1) };
}

export function describeFailure({ scenario, labels, violations }: Failure): string {
  return [
    ...violations,
    describeScenario(scenario),
    `scenario ${JSON.stringify(scenario)}`,
    `schedule ${JSON.stringify(labels)}`,
  ].join("\n");
}

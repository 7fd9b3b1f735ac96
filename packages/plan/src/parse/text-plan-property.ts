import { readProperty } from "./text-property.ts";
import { splitTopLevel } from "../expression/split-top-level.ts";
import { listIn, type Properties, recordIn } from "./plan-document.ts";

/**
 * Takes a property that belongs to the plan and not to a node: times, settings, the planning and JIT sections.
 *
 * @param section - the section that the line stands in, or `null`
 * @returns false when the property is a node's
 */
export function readPlanProperty(
  plan: Properties,
  section: string | null,
  key: string,
  value: string,
): boolean {
  if (section !== null) {
    const inside = recordIn(plan, section);
    Object.assign(inside, section === "JIT" ? readJit(key, value) : readProperty(key, value));
    return true;
  }
  switch (key) {
    case "Planning Time":
    case "Planning time":
      plan["Planning Time"] = readMs(value);
      return true;
    case "Execution Time":
    case "Execution time":
    case "Total runtime":
      plan["Execution Time"] = readMs(value);
      return true;
    case "Planning":
    case "JIT":
      plan[key] ??= {};
      return true;
    case "Serialization":
      plan[key] = readSerialization(value);
      return true;
    case "Settings":
      plan[key] = readSettings(value);
      return true;
    case "Query Identifier":
      plan[key] = value;
      return true;
    // psql's own \timing, after the plan.
    case "Time":
      return true;
    default:
      return false;
  }
}

/** `Trigger for constraint fk on orders: time=0.123 calls=4` and the other forms. */
export function readTrigger(plan: Properties, line: string): void {
  const text = line.slice(0, 1_000);
  const [, title, ms, calls] = /^Trigger (.*): (?:time=([\d.]+) )?calls=(\d+)/.exec(text) ?? [];
  if (title === undefined) return;
  const [, name, constraint, relation] =
    /^(.*?)(?:(?:^| )for constraint (.*?))?(?: on (\S+|".*"))?$/.exec(title) ?? [];
  listIn(plan, "Triggers").push({
    ...(name === undefined || name === "" ? {} : { "Trigger Name": name }),
    ...(constraint === undefined ? {} : { "Constraint Name": constraint }),
    ...(relation === undefined ? {} : { Relation: relation }),
    ...(ms === undefined ? {} : { Time: Number(ms) }),
    Calls: Number(calls),
  });
}

function readMs(value: string): number {
  return Number.parseFloat(value);
}

/** `time=0.621 ms  output=42kB  format=text`. */
function readSerialization(value: string): Properties {
  const time = /time=([\d.]+)/.exec(value)?.[1];
  const output = /output=(\d+)/.exec(value)?.[1];
  const format = /format=(\w+)/.exec(value)?.[1];
  return {
    ...(time === undefined ? {} : { Time: Number(time) }),
    ...(output === undefined ? {} : { "Output Volume": Number(output) }),
    ...(format === undefined ? {} : { Format: format }),
  };
}

/** `work_mem = '8MB', random_page_cost = '1.1'`. */
function readSettings(value: string): Properties {
  const settings: Properties = {};
  for (const part of splitTopLevel(value)) {
    const [, name, quoted] = /^(\S+) = '(.*)'$/s.exec(part) ?? [];
    if (name !== undefined) settings[name] = (quoted ?? "").replaceAll("''", "'");
  }
  return settings;
}

function readJit(key: string, value: string): Properties {
  if (key !== "Timing") return { [key]: key === "Functions" ? Number(value) : value };
  const total = /Total ([\d.]+) ms/.exec(value)?.[1];
  return { Timing: total === undefined ? {} : { Total: Number(total) } };
}

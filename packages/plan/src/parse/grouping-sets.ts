import { isProperties, listIn, type Properties } from "./plan-document.ts";

/**
 * `Hash Key` and a second `Group Key` show that the keys are grouping sets; the first was one of them.
 *
 * Sets by one sort order are one group, as in JSON; each hashed set is a group of its own.
 */
export function addGroupingSet(properties: Properties, key: string, set: unknown): void {
  const groups = groupingSets(properties);
  const last = groups.at(-1);
  if (key === "Group Key" && isProperties(last) && !("Hash Keys" in last)) {
    listIn(last, "Group Keys").push(set);
  } else groups.push({ [`${key}s`]: [set] });
}

/** `Sort Key` of an aggregate: it sorts again for the grouping sets that follow. */
export function addSortedSets(properties: Properties, sortKey: unknown): void {
  groupingSets(properties).push({ "Sort Key": sortKey });
}

function groupingSets(properties: Properties): unknown[] {
  const groups = listIn(properties, "Grouping Sets");
  if ("Group Key" in properties) {
    groups.push({ "Group Keys": [properties["Group Key"]] });
    delete properties["Group Key"];
  }
  return groups;
}

import type { Plan, PlanNode } from "@upshift/plan";
import type { IndexId, PlannerIndex } from "../../planner/planner.ts";

/** A file of an index: the index itself, or one partition's. */
export interface IndexPart {
  readonly oid: number;
  readonly name: string;
  readonly table: string;
  readonly tableOid: number;
  readonly pages: number;
  readonly rows: number;
  readonly height: number;
}

export interface RegisteredIndex {
  readonly index: PlannerIndex;
  readonly method: string;
  readonly keyCount: number;
  /** What pg_index rows are switched: itself and all of its partitions'. */
  readonly oids: readonly number[];
  readonly parts: readonly IndexPart[];
}

/** As EXPLAIN prints it. A text that looks like it inside a condition has its quotes escaped there. */
const INDEX_NAME = /("Index Name": )("(?:[^"\\]|\\.)*")/gu;

interface NameOwner {
  readonly schema: string;
  readonly id: IndexId;
}

/** Every index of the twin, what is shown now, and whose name a plan means. */
export class IndexRegistry {
  readonly #indexes = new Map<IndexId, RegisteredIndex>();
  readonly #owners = new Map<string, NameOwner[]>();
  readonly #shown = new Set<number>();
  /** Name of a stand-in -> the index it stands for. */
  readonly #standIns = new Map<string, string>();
  #hasAmbiguousNames = false;

  /** Adds a hidden index that plans are to name as the one it stands for. */
  addStandIn(standIn: RegisteredIndex, original: RegisteredIndex): void {
    this.#indexes.set(standIn.index.id, standIn);
    for (const part of standIn.parts) {
      const replaced = original.parts.find((candidate) => candidate.tableOid === part.tableOid);
      if (replaced !== undefined) this.#standIns.set(part.name, replaced.name);
    }
  }

  /** Puts the names that a person knows into a plan's JSON. */
  nameOriginals(planJson: string): string {
    if (this.#standIns.size === 0) return planJson;
    return planJson.replaceAll(INDEX_NAME, (property, label: string, name: string) => {
      const parsed: string = JSON.parse(name);
      const original = this.#standIns.get(parsed);
      return original === undefined ? property : label + JSON.stringify(original);
    });
  }

  add(registered: RegisteredIndex, isShown: boolean): void {
    this.#indexes.set(registered.index.id, registered);
    for (const oid of registered.oids) if (isShown) this.#shown.add(oid);
    const names = new Set([registered.index.name, ...registered.parts.map((part) => part.name)]);
    for (const name of names) {
      const owners = this.#owners.get(name) ?? [];
      owners.push({ schema: registered.index.schema, id: registered.index.id });
      this.#owners.set(name, owners);
      if (owners.length > 1) this.#hasAmbiguousNames = true;
    }
  }

  get(id: IndexId): RegisteredIndex | undefined {
    return this.#indexes.get(id);
  }

  values(): Iterable<RegisteredIndex> {
    return this.#indexes.values();
  }

  /** Index names repeat in several schemas: plans must print the schema. */
  get hasAmbiguousNames(): boolean {
    return this.#hasAmbiguousNames;
  }

  /** What must change for exactly these to be shown; call `commit` once it was done. */
  switchTo(visible: (id: IndexId, index: RegisteredIndex) => boolean): {
    readonly oids: readonly number[];
    commit(): void;
  } {
    const oids: number[] = [];
    for (const [id, registered] of this.#indexes) {
      const isWanted = visible(id, registered);
      for (const oid of registered.oids) if (this.#shown.has(oid) !== isWanted) oids.push(oid);
    }
    return {
      oids,
      commit: () => {
        for (const oid of oids) if (!this.#shown.delete(oid)) this.#shown.add(oid);
      },
    };
  }

  /** Which index a node of a plan reads; a bitmap's index has its schema on the heap scan above. */
  owner(plan: Plan, node: PlanNode): IndexId | null {
    if (node.index === null) return null;
    const owners = this.#owners.get(node.index);
    if (owners === undefined) return null;
    if (owners.length === 1) return owners[0]?.id ?? null;
    const { schema } = tableOf(plan, node);
    return owners.find((owner) => owner.schema === schema)?.id ?? null;
  }
}

/** The nearest node, from this one up, that names the table it reads. */
export function tableOf(plan: Plan, node: PlanNode): PlanNode {
  let current = node;
  while (current.relation === null && current.parentId !== null) {
    const parent = plan.nodes[current.parentId];
    if (parent === undefined) break;
    current = parent;
  }
  return current;
}

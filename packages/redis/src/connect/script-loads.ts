import type { Script } from "../script.ts";
import type { Link } from "./link.ts";

/** Loads scripts into nodes, each once however many callers miss it. */
export class ScriptLoads {
  readonly #running = new WeakMap<Link, Map<string, Promise<unknown>>>();

  load(link: Link, script: Script): Promise<unknown> {
    let ofLink = this.#running.get(link);
    if (ofLink === undefined) {
      ofLink = new Map();
      this.#running.set(link, ofLink);
    }
    const running = ofLink.get(script.sha);
    if (running !== undefined) return running;
    const loads = ofLink;
    const load = link
      .send(["SCRIPT", "LOAD", script.lua], false)
      .finally(() => loads.delete(script.sha));
    loads.set(script.sha, load);
    return load;
  }
}

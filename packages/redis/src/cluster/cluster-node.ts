import { awaitReadiness } from "../connect/await-readiness.ts";
import type { ConnectSettings } from "../connect/connect-settings.ts";
import type { Driver } from "../connect/link.ts";
import { LinkKeeper } from "../connect/link-keeper.ts";
import { addressLabel, type NodeAddress } from "./cluster-map.ts";

export interface ClusterNode {
  readonly address: NodeAddress;
  readonly keeper: LinkKeeper;
}

/** One node with the connection to it, not started. */
export function createClusterNode(
  address: NodeAddress,
  driver: Driver,
  settings: ConnectSettings,
  onChange: () => void,
): ClusterNode {
  const endpoint = { ...settings.endpoint, ...address };
  const label = addressLabel(address);
  const keeper = new LinkKeeper({
    ...settings,
    open: (events) => driver.open(endpoint, events),
    prepare: (link, note, signal) =>
      awaitReadiness(link, driver, settings.clock, (reason) => note(`${label}: ${reason}`), signal),
    onUp: onChange,
    onDown: onChange,
  });
  return { address, keeper };
}

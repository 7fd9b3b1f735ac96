import type { ConnectSettings } from "../connect/connect-settings.ts";
import { failureReason } from "../connect/failure-reason.ts";
import type { Driver, Link } from "../connect/link.ts";
import { type ClusterMap, type NodeAddress, parseClusterSlots } from "./cluster-map.ts";

export interface Surveyor {
  /** Who may be asked, best first. Without a link a connection is opened for the question. */
  readonly candidates: () => readonly {
    readonly address: NodeAddress;
    readonly link?: Link | undefined;
  }[];
  readonly driver: Driver;
  readonly settings: ConnectSettings;
}

/**
 * Asks one node after the other which node serves which slot, until one says.
 *
 * @returns the map; or why there is none
 */
export async function surveyCluster(
  surveyor: Surveyor,
  signal: AbortSignal,
): Promise<ClusterMap | string> {
  let reason = "the cluster has no nodes";
  for (const { address, link } of surveyor.candidates()) {
    try {
      const reply =
        link === undefined
          ? await askNewLink(surveyor, address, signal)
          : await bounded(surveyor, link.send(["CLUSTER", "SLOTS"], false), signal);
      const map = parseClusterSlots(reply, address.host);
      // A node that has not joined yet knows of no slots.
      if (map?.some((node) => node !== undefined) === true) return map;
      reason = "no slots are assigned";
    } catch (error) {
      reason = failureReason(error);
    }
    if (signal.aborted) break;
  }
  return reason;
}

async function askNewLink(
  surveyor: Surveyor,
  address: NodeAddress,
  signal: AbortSignal,
): Promise<Awaited<ReturnType<Link["send"]>>> {
  const { driver, settings } = surveyor;
  let lastError: unknown;
  const link = driver.open(
    { ...settings.endpoint, ...address },
    {
      onClose: () => {},
      onError: (error) => {
        lastError = error;
      },
      onMessage: () => {},
    },
  );
  try {
    const ask = async (): ReturnType<Link["send"]> => {
      await link.opened;
      return await link.send(["CLUSTER", "SLOTS"], false);
    };
    return await bounded(surveyor, ask(), signal);
  } catch (error) {
    throw lastError ?? error;
  } finally {
    link.destroy();
  }
}

/** @throws when it takes longer than connecting may, or at the end of the route */
function bounded<T>({ settings }: Surveyor, work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const end = (): void => {
      cancelTimer();
      signal.removeEventListener("abort", abort);
    };
    const abort = (): void => {
      end();
      reject(new Error("the connection was closed"));
    };
    const limitMs = Math.min(settings.connectTimeoutMs, Math.max(settings.timeoutMs, 100));
    const cancelTimer = settings.clock.after(limitMs, () => {
      end();
      reject(new Error(`no answer to CLUSTER SLOTS within ${limitMs} ms`));
    });
    signal.addEventListener("abort", abort, { once: true });
    if (signal.aborted) abort();
    work.then(resolve, reject).finally(end);
  });
}

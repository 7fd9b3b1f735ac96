import type { TimerClock } from "@upshift/foundation";
import { ConnectionHungError } from "./pool-errors.ts";
import type { PgClient } from "./pg-driver.ts";
import { socketOf } from "../connection/socket.ts";

/** What a second connection says of the backends that are silent. */
export type Verdict =
  | "unreachable"
  /** Nothing can be known of single backends, as behind a pooler. */
  | "answers"
  /** Ids of the backends that work on a statement. */
  | ReadonlySet<number>;

export interface HangWatchOptions {
  /** Name of the server, for errors. */
  readonly server: string;
  readonly hangTimeoutMs: number;
  readonly clock: TimerClock;
  /** Never rejects. */
  readonly ask: (processIds: readonly number[]) => Promise<Verdict>;
  readonly onHung: (client: PgClient, error: ConnectionHungError) => void;
}

export interface HangWatch {
  add(client: PgClient): void;
  remove(client: PgClient): void;
}

/** Looks per `hangTimeout`; what is found silent is so for at most a quarter longer. */
const LOOKS = 4;
/** A host may be slow for a moment, and an answer may be on its way while we ask: only the second time in a row counts. */
const STRIKES = 2;

interface Seen {
  readonly traffic: number;
  readonly sinceMs: number;
  readonly strikeCount: number;
}

/**
 * Closes connections that would never answer: TCP says nothing for a quarter of an hour when a host has hung or a firewall
 * has forgotten a connection, and a server's statement timeout cannot reach us then. A long statement is silent too, so silence alone
 * proves nothing and the server is asked.
 */
export function watchForHangs(options: HangWatchOptions): HangWatch {
  const { clock, hangTimeoutMs } = options;
  const seen = new Map<PgClient, Seen>();
  let cancel: (() => void) | undefined;
  let isLooking = false;

  const look = async (): Promise<void> => {
    cancel = undefined;
    isLooking = true;
    const silent = [...seen.keys()].filter((client) => isSilent(client));
    if (silent.length > 0) {
      const before = new Map(silent.map((client) => [client, seen.get(client)]));
      const verdict = await options.ask(silent.map(processIdOf));
      for (const client of silent) {
        const known = seen.get(client);
        if (known !== undefined && known === before.get(client)) judge(client, known, verdict);
      }
    }
    isLooking = false;
    schedule();
  };

  const isSilent = (client: PgClient): boolean => {
    const known = seen.get(client);
    const traffic = trafficOf(client);
    if (known === undefined) return false;
    if (!isBusy(client) || traffic !== known.traffic) {
      seen.set(client, { traffic, sinceMs: clock.now(), strikeCount: 0 });
      return false;
    }
    return clock.now() - known.sinceMs >= hangTimeoutMs;
  };

  const judge = (client: PgClient, known: Seen, verdict: Verdict): void => {
    if (trafficOf(client) !== known.traffic || !isBusy(client)) return;
    const isWorking =
      verdict !== "unreachable" && (verdict === "answers" || verdict.has(processIdOf(client)));
    const strikeCount = isWorking ? 0 : known.strikeCount + 1;
    seen.set(client, { ...known, strikeCount });
    if (strikeCount < STRIKES) return;
    const reason = verdict === "unreachable" ? "unreachable" : "forgotten";
    const silentMs = clock.now() - known.sinceMs;
    seen.delete(client);
    options.onHung(client, new ConnectionHungError(options.server, silentMs, reason));
  };

  const schedule = (): void => {
    if (seen.size === 0 || isLooking || cancel !== undefined) return;
    cancel = clock.after(hangTimeoutMs / LOOKS, () => void look(), { isBackground: true });
  };

  return {
    add(client) {
      if (socketOf(client) === undefined) return;
      seen.set(client, { traffic: trafficOf(client), sinceMs: clock.now(), strikeCount: 0 });
      schedule();
    },
    remove(client) {
      seen.delete(client);
      if (seen.size > 0) return;
      cancel?.();
      cancel = undefined;
    },
  };
}

function trafficOf(client: object): number {
  const socket = socketOf(client);
  return socket === undefined ? 0 : socket.bytesRead + socket.bytesWritten;
}

function isBusy(client: object): boolean {
  return "readyForQuery" in client && client.readyForQuery === false;
}

function processIdOf(client: object): number {
  return "processID" in client && typeof client.processID === "number" ? client.processID : 0;
}

import type { Subscriber, Subscription, WaitOptions } from "../redis.ts";
import { RedisUnavailableError } from "../redis-errors.ts";
import { callBack } from "./call-back.ts";
import type { ConnectSettings } from "./connect-settings.ts";
import { failureReason } from "./failure-reason.ts";
import type { Link } from "./link.ts";
import { LinkKeeper } from "./link-keeper.ts";
import type { Route } from "./route.ts";

export interface OwnSubscription extends Subscription {
  /** Resolves once Redis has confirmed it for the first time; closes it when that does not happen. */
  confirmed(options: WaitOptions): Promise<void>;
}

/**
 * Subscribes on a connection of its own, and again on another one whenever that ends.
 *
 * The connection is asked to answer a PING every heartbeat, since a subscriber that only listens would never notice that nobody speaks any more.
 */
export function openSubscription(
  route: Route,
  settings: ConnectSettings,
  subscriber: Subscriber,
  onClose: () => void,
): OwnSubscription {
  const { clock, connectTimeoutMs, heartbeatMs, timeoutMs } = settings;
  let onFirst: (() => void) | undefined;
  let hasBeenUp = false;
  let isClosed = false;
  let stopBeating: (() => void) | undefined;

  const beat = (link: Link): void => {
    stopBeating = clock.after(
      heartbeatMs,
      () => {
        stopBeating = ping(link);
      },
      { isBackground: true },
    );
  };
  const ping = (link: Link): (() => void) => {
    let sweep: NodeJS.Immediate | undefined;
    const stop = (): void => {
      cancelTimer();
      if (sweep !== undefined) clearImmediate(sweep);
    };
    const answered = (): void => {
      stop();
      if (keeper.link === link) beat(link);
    };
    const lost = (reason: string): void => {
      stop();
      if (keeper.link === link) keeper.replace(reason);
    };
    const cancelTimer = clock.after(timeoutMs, () => {
      // After what has arrived meanwhile was read.
      sweep = setImmediate(() => lost(`no answer to PING within ${timeoutMs} ms`));
    });
    link.send(["PING"], false).then(
      () => answered(),
      (error: unknown) => lost(failureReason(error)),
    );
    return stop;
  };

  const keeper = new LinkKeeper({
    ...settings,
    open: (events) => route.openAnother(events),
    prepare: (link) => link.subscribe(subscriber.channels),
    onMessage: (message, channel) => {
      if (!isClosed) callBack(() => subscriber.onMessage(message, channel));
    },
    onUp: (link) => {
      beat(link);
      if (hasBeenUp) callBack(() => subscriber.onUp?.());
      hasBeenUp = true;
      onFirst?.();
    },
    onDown: () => {
      stopBeating?.();
      if (!isClosed) callBack(() => subscriber.onDown?.());
    },
  });

  const close = async (): Promise<void> => {
    if (isClosed) return;
    isClosed = true;
    stopBeating?.();
    keeper.close();
    onFirst?.();
    onClose();
  };

  return {
    get isUp() {
      return keeper.link !== undefined;
    },
    close,
    async confirmed({ signal, timeoutMs: patienceMs = connectTimeoutMs }) {
      try {
        signal?.throwIfAborted();
        await new Promise<void>((resolve, reject) => {
          const end = (): void => {
            cancelTimer();
            signal?.removeEventListener("abort", abort);
            onFirst = undefined;
          };
          const abort = (): void => {
            end();
            reject(signal?.reason);
          };
          const cancelTimer = clock.after(Math.min(patienceMs, Number.MAX_SAFE_INTEGER), () => {
            end();
            const reason = `not confirmed after ${patienceMs} ms: ${keeper.lastFailure}`;
            reject(new RedisUnavailableError("SUBSCRIBE", reason));
          });
          onFirst = () => {
            end();
            if (hasBeenUp) resolve();
            else reject(new RedisUnavailableError("SUBSCRIBE", "the connection was closed"));
          };
          signal?.addEventListener("abort", abort, { once: true });
          keeper.start();
        });
      } catch (error) {
        await close();
        throw error;
      }
    },
  };
}

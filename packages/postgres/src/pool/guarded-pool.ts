import { sqlState } from "../connection/sql-state.ts";
import type { ConnectCallback, PgClient, PgDriver, PgPool } from "./pg-driver.ts";
import {
  ConnectTimeoutError,
  PoolClosedError,
  PoolTimeoutError,
  type PoolLoad,
} from "./pool-errors.ts";

/** What a guarded pool asks and tells. */
export interface PoolGuard {
  readonly server: string;
  readonly connectionTimeoutMs: number;
  readonly isClosing: () => boolean;
  readonly load: () => PoolLoad;
  readonly now: () => number;
  readonly acquired: (waitedMs: number) => void;
  readonly timedOut: () => void;
  readonly line: CallerLine;
}

/** Callers that have no connection yet. */
export interface CallerLine {
  count: number;
  /** For those that may have to wait: ends the wait with an error. */
  readonly giveUps: Set<(error: Error) => void>;
}

/**
 * A real pg pool, also by `instanceof`, whose `connect`, and with it `query`, fails with errors that say what to do.
 *
 * pg-pool bounds the wait in line and the time to connect by one setting and tells both by the text of a plain `Error`.
 */
export function createGuardedPool(driver: PgDriver, options: object, guard: PoolGuard): PgPool {
  class GuardedPool extends driver.Pool {
    override connect(): Promise<PgClient>;
    override connect(callback: ConnectCallback): void;
    override connect(callback?: ConnectCallback): Promise<PgClient> | undefined {
      if (callback === undefined) {
        return new Promise((resolve, reject) => {
          this.#connect((error, client) => {
            if (client === undefined) reject(error);
            else resolve(client);
          });
        });
      }
      this.#connect(callback);
      return undefined;
    }

    #connect(callback: ConnectCallback): void {
      if (guard.isClosing() || this.ending) {
        callback(new PoolClosedError(guard.server), undefined, ignore);
        return;
      }
      guard.line.count += 1;
      if (this.idleCount > this.waitingCount) this.#takeIdle(callback);
      else this.#queue(callback);
    }

    /** One is there and will be handed out in this tick: by far the most calls, so nothing more is done for it than needed. */
    #takeIdle(callback: ConnectCallback): void {
      super.connect((error, client, done) => {
        guard.line.count -= 1;
        if (client === undefined) {
          callback(this.#explain(error), undefined, done);
          return;
        }
        guard.acquired(0);
        callback(undefined, client, done);
      });
    }

    #queue(callback: ConnectCallback): void {
      const { line } = guard;
      const startedAtMs = guard.now();
      const leave = (): boolean => {
        if (!line.giveUps.delete(giveUp)) return false;
        line.count -= 1;
        return true;
      };
      const giveUp = (error: Error): void => {
        if (leave()) callback(error, undefined, ignore);
      };
      line.giveUps.add(giveUp);
      super.connect((error, client, done) => {
        if (!leave()) {
          client?.release();
        } else if (client === undefined) {
          callback(this.#explain(error), undefined, done);
        } else {
          guard.acquired(guard.now() - startedAtMs);
          callback(undefined, client, done);
        }
      });
    }

    #explain(error: Error | undefined): Error | undefined {
      // What the server itself answers needs no explanation. pg-pool's timeouts have no code, only a text.
      if (error === undefined || sqlState(error) !== undefined || !/timeout/i.test(error.message))
        return error;
      if (guard.isClosing()) return new PoolClosedError(guard.server);
      const load = guard.load();
      // Where there is room, it was the server that did not let anyone in.
      if (load.busyCount < load.max)
        return new ConnectTimeoutError(guard.server, guard.connectionTimeoutMs, error);
      guard.timedOut();
      return new PoolTimeoutError(guard.server, guard.connectionTimeoutMs, load);
    }
  }
  return new GuardedPool(options);
}

function ignore(): void {}

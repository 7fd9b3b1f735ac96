import { connect, createServer, type Socket } from "node:net";
import { freePort } from "./free-port.ts";

/** A network that tests can make slow, silent or broken, between a client and a server of this machine. */
export interface TcpProxy {
  readonly host: "127.0.0.1";
  readonly port: number;
  /** Connections that are open through it. */
  readonly connectionCount: number;
  /** Holds each chunk back this long in each direction; chunks keep their order. */
  setDelay(delayMs: number): void;
  /** Passes nothing on, in either direction, and closes nothing: a hung host. Chunks wait until `resume`. */
  pause(): void;
  resume(): void;
  /** Drops whatever comes on the connections that are open, in either direction and for ever, as a firewall that has forgotten them. New ones are served. */
  forget(): void;
  /** Resets every open connection; new ones are accepted. */
  cut(): void;
  /** Accepts no new connections, or accepts them again. */
  refuse(isRefusing: boolean): void;
  stop(): Promise<void>;
}

export interface StartTcpProxyOptions {
  /** Of the server behind it. */
  readonly port: number;
  /** Of the server behind it; default 127.0.0.1. */
  readonly host?: string;
  /** As `setDelay`; half of the round trip that it adds. Default 0. */
  readonly delayMs?: number;
}

export async function startTcpProxy(options: StartTcpProxyOptions): Promise<TcpProxy> {
  const pairs = new Set<readonly [Socket, Socket]>();
  const waiting: (() => void)[] = [];
  const forgotten = new WeakSet<Socket>();
  let delayMs = options.delayMs ?? 0;
  let isPaused = false;
  let isRefusing = false;

  const forward = (from: Socket, to: Socket): void => {
    // The last write in line: what comes later is sent later, whatever the delay is by then.
    let line = Promise.resolve();
    const pass = (send: () => void): void => {
      const arrival = new Promise<void>((resolve) => {
        if (delayMs === 0) resolve();
        else setTimeout(resolve, delayMs);
      });
      const before = line;
      line = (async () => {
        await before;
        await arrival;
        if (isPaused) await new Promise<void>((resolve) => waiting.push(resolve));
        if (!to.destroyed && !forgotten.has(to)) send();
      })();
    };
    from.on("data", (chunk) =>
      pass(() => {
        // What waited while it was paused is written at once, full or not: then one listener is there already.
        if (!to.write(chunk) && !from.isPaused()) {
          from.pause();
          to.once("drain", () => from.resume());
        }
      }),
    );
    from.on("end", () => pass(() => to.end()));
    from.on("error", () => to.destroy());
    from.on("close", (hadError) => {
      if (hadError) to.destroy();
    });
  };

  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    if (isRefusing) {
      client.resetAndDestroy();
      return;
    }
    const upstream = connect({
      host: options.host ?? "127.0.0.1",
      port: options.port,
      allowHalfOpen: true,
      noDelay: true,
    });
    const pair = [client, upstream] as const;
    pairs.add(pair);
    for (const socket of pair) {
      socket.on("close", () => {
        if (client.destroyed && upstream.destroyed) pairs.delete(pair);
      });
    }
    forward(client, upstream);
    forward(upstream, client);
  });
  const port = await freePort();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });

  const resume = (): void => {
    isPaused = false;
    for (const go of waiting.splice(0)) go();
  };
  const cut = (): void => {
    for (const pair of pairs) for (const socket of pair) socket.resetAndDestroy();
  };
  return {
    host: "127.0.0.1",
    port,
    get connectionCount() {
      return pairs.size;
    },
    setDelay(ms) {
      delayMs = ms;
    },
    pause() {
      isPaused = true;
    },
    resume,
    forget() {
      for (const pair of pairs) for (const socket of pair) forgotten.add(socket);
    },
    cut,
    refuse(refusing) {
      isRefusing = refusing;
    },
    async stop() {
      cut();
      resume();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

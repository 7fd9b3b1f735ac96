import { connect, createServer, type Socket } from "node:net";

/** Connections that can go dead without a word, as those that a firewall has dropped from its table. */
export interface ForgetfulNetwork {
  readonly port: number;
  /** Connections made so far. */
  connectionCount(): number;
  /** Nothing passes on the open connections from now on, and nothing tells so. New ones work. */
  forget(): void;
  stop(): Promise<void>;
}

export async function forgetfulNetwork(serverPort: number): Promise<ForgetfulNetwork> {
  const sockets = new Set<Socket>();
  let epoch = 0;
  let count = 0;
  const server = createServer((near) => {
    const own = epoch;
    count += 1;
    const far = connect({ port: serverPort, host: "127.0.0.1" });
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on("data", (chunk) => own === epoch && to.write(chunk));
      from.on("error", () => {});
      from.on("close", () => {
        sockets.delete(from);
        if (own === epoch) to.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    connectionCount: () => count,
    forget() {
      epoch += 1;
    },
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

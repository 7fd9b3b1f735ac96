import { type ChildProcess, fork } from "node:child_process";

/** A server in a process of its own. */
export interface ServerProcess {
  readonly url: string;
  /** CPU time so far, user and system. */
  cpuMs(): Promise<number>;
  stop(): void;
}

/**
 * @param script - tells its port by a message, and its CPU time when it gets one: see `serveFor`
 * @param args - for the script
 */
export async function startServerProcess(
  script: URL,
  args: readonly string[],
): Promise<ServerProcess> {
  const child = fork(script, args);
  const port = await numberFrom(child, "port");
  return {
    url: `http://127.0.0.1:${port}/items`,
    async cpuMs() {
      child.send("cpu");
      return await numberFrom(child, "cpuMs");
    },
    stop: () => void child.kill(),
  };
}

/** The other end: tells the process that has started this one what it asks for, and ends with it. */
export function serveFor(port: number): void {
  process.on("message", () => {
    const { user, system } = process.cpuUsage();
    process.send?.({ cpuMs: (user + system) / 1_000 });
  });
  process.send?.({ port });
  // However the benchmark ends.
  process.on("disconnect", () => process.exit());
}

function numberFrom(child: ChildProcess, key: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const failed = (): void => reject(new Error(`a server said no ${key}`));
    child.once("exit", failed);
    child.once("message", (message: unknown) => {
      child.off("exit", failed);
      const value: unknown =
        typeof message === "object" && message !== null ? Reflect.get(message, key) : undefined;
      if (typeof value === "number") resolve(value);
      else failed();
    });
  });
}

import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";

/** A server in a process of its own. */
export interface ServerProcess {
  readonly url: string;
  /** CPU time so far, user and system. */
  cpuMs(): Promise<number>;
  stop(): void;
}

/** @param name - of one of `SERVERS` */
export async function startServerProcess(name: string): Promise<ServerProcess> {
  const child = fork(new URL("./serve.js", import.meta.url), [name]);
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

async function numberFrom(child: ChildProcess, key: string): Promise<number> {
  const message: unknown = await Promise.race([
    once(child, "message").then(([first]: readonly unknown[]) => first),
    once(child, "exit").then(() => undefined),
  ]);
  const value: unknown =
    typeof message === "object" && message !== null ? Reflect.get(message, key) : undefined;
  if (typeof value !== "number") throw new Error(`a server said no ${key}`);
  return value;
}

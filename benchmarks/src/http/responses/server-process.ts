import { type ChildProcess, fork } from "node:child_process";

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

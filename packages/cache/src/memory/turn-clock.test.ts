import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { describe, expect, it } from "vitest";
import { TurnClock } from "./turn-clock.ts";

/** Every look is at another time. */
function createCounter(): { now(): number } {
  let time = 0;
  return { now: () => (time += 1) };
}

const endOfTurn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

describe("a clock of the turn", () => {
  it("stands still within a turn, whatever is awaited, and goes on with the next", async () => {
    const clock = new TurnClock(createCounter());
    expect(clock.now()).toBe(1);
    await Promise.resolve();
    await new Promise<void>((resolve) => {
      process.nextTick(resolve);
    });
    expect(clock.now()).toBe(1);
    await endOfTurn();
    expect(clock.now()).toBe(2);
  });

  it("never tells an event the time of before the wait for it", async () => {
    const server = createServer();
    await once(server.listen(0, "127.0.0.1"), "listening");
    const { port } = server.address() as AddressInfo;
    const clock = new TurnClock({ now: () => Date.now() });
    const [[accepted], client] = await Promise.all([
      once(server, "connection"),
      (async () => connect(port, "127.0.0.1"))(),
    ]);
    // Read from where an immediate runs: the next ones wait for events first.
    await endOfTurn();
    for (let round = 0; round < 5; round += 1) {
      const before = clock.now();
      setTimeout(() => client.write("x"), 60);
      await once(accepted, "data");
      expect(clock.now() - before).toBeGreaterThanOrEqual(50);
      await endOfTurn();
    }
    client.destroy();
    server.close();
  });
});

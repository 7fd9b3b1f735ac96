import { createSimulatedClock } from "@upshift/foundation/testing";
import { describe, expect, it } from "vitest";
import { Breaker } from "./breaker.ts";

describe("the breaker", () => {
  it("opens with the last of so many failures in a row, and not for failures with an answer between", () => {
    const breaker = new Breaker(createSimulatedClock(), 3, 1_000);
    breaker.failed();
    breaker.failed();
    breaker.succeeded();
    breaker.failed();
    breaker.failed();
    expect([breaker.isOpen, breaker.allows()]).toEqual([false, true]);
    breaker.failed();
    expect([breaker.isOpen, breaker.allows()]).toEqual([true, false]);
  });

  it("lets one call through after each pause, and all of them once one was answered", async () => {
    const clock = createSimulatedClock();
    const breaker = new Breaker(clock, 1, 1_000);
    breaker.failed();
    await clock.advance(999);
    expect(breaker.allows()).toBe(false);
    await clock.advance(1);
    expect([breaker.allows(), breaker.allows()]).toEqual([true, false]);
    await clock.advance(1_000);
    expect([breaker.allows(), breaker.allows()]).toEqual([true, false]);
    breaker.succeeded();
    expect([breaker.allows(), breaker.allows()]).toEqual([true, true]);
  });
});

import { createSimulatedClock } from "@upshift/foundation/testing";
import { describe, expect, it } from "vitest";
import { Acknowledgements } from "./acknowledgements.ts";

/** What a process may be late by. */
const MARGIN_MS = 100;

function waiting(members: readonly (readonly [string, number])[], serverMs = 10_000) {
  const clock = createSimulatedClock();
  const acknowledgements = new Acknowledgements(clock, "me");
  let outcome = "waiting";
  const wait = (): void => {
    void acknowledgements.wait(7, serverMs, members).then(
      () => (outcome = "heard"),
      (error: unknown) => (outcome = String(Object(error).code)),
    );
  };
  return { clock, acknowledgements, wait, outcome: () => outcome };
}

describe("waiting for all to have heard", () => {
  it("ends with the last of them, and not with a word on another message", async () => {
    const { clock, acknowledgements, wait, outcome } = waiting([
      ["p 5000", 9_900],
      ["q 5000", 9_900],
      ["me 5000", 9_900],
    ]);
    wait();
    acknowledgements.receive("p 7");
    acknowledgements.receive("q 6");
    await clock.advance(0);
    expect(outcome()).toBe("waiting");
    acknowledgements.receive("q 7");
    await clock.advance(0);
    expect([outcome(), clock.timerCount]).toEqual(["heard", 0]);
  });

  it("counts what was said before it was known of what", async () => {
    const { clock, acknowledgements, wait, outcome } = waiting([["p 5000", 9_900]]);
    acknowledgements.receive("p 7");
    wait();
    await clock.advance(0);
    expect(outcome()).toBe("heard");
  });

  it("lasts for who is silent until nobody believes that one's memory, and no longer", async () => {
    const { clock, wait, outcome } = waiting([["p 5000", 9_000]]);
    wait();
    await clock.advance(5_000 - 1_000 + MARGIN_MS - 1);
    expect(outcome()).toBe("waiting");
    await clock.advance(1);
    expect([outcome(), clock.timerCount]).toEqual(["heard", 0]);
  });

  it("is for nobody who was silent for so long already", async () => {
    const { clock, wait, outcome } = waiting([["p 5000", 4_900]]);
    wait();
    await clock.advance(0);
    expect(outcome()).toBe("heard");
  });

  it("fails when the cache is closed, since nobody knows", async () => {
    const { clock, acknowledgements, wait, outcome } = waiting([["p 5000", 9_900]]);
    wait();
    acknowledgements.close();
    await clock.advance(0);
    expect([outcome(), clock.timerCount]).toEqual(["UPSHIFT_CACHE_NOT_ACKNOWLEDGED", 0]);
  });
});

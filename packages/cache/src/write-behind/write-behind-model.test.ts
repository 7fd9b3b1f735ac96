import { expect, test } from "vitest";
import { type Process, type Row, SimulatedFleet } from "../../test/write-behind/simulated-fleet.ts";
import { seededRandom } from "../../test/write-behind/seeded-random.ts";

const SEED_COUNT = process.env["UPSHIFT_TEST_SCALE"] === "full" ? 600 : 20;
const STEP_COUNT = 60;
const KEYS = ["red", "green", "blue", "cyan"];
const LEASE_MS = 300;

/** One seed: what it found wrong. */
async function run(seed: number): Promise<readonly string[]> {
  const random = seededRandom(seed);
  const givesUp = seed % 2 === 1;
  const fleet = new SimulatedFleet({
    random,
    leaseMs: LEASE_MS,
    lossRatio: 0.06,
    failureRatio: 0.25,
    settings: { attempts: givesUp ? 2 : 1_000_000 },
  });
  const { clock, violations } = fleet;
  // The first is never killed: what it has not been told is repeated by it until it is.
  const front = fleet.start();
  let drainers: Process[] = [fleet.start(), fleet.start()];
  const expected = new Map<string, Row>();
  const busy = new Set<string>();
  let counter = 0;

  const change = async (key: string): Promise<void> => {
    busy.add(key);
    counter += 1;
    const number = counter;
    const kind = random();
    const row: Row =
      kind < 0.3 ? { a: number, b: number } : kind < 0.65 ? { a: number } : { b: number };
    for (;;) {
      try {
        if (kind < 0.3) await front.store.put(key, row);
        else await front.store.patch(key, row);
        break;
      } catch {
        await new Promise<void>((resolve) => void clock.after(5, resolve));
      }
    }
    expected.set(key, { ...expected.get(key), ...row });
    busy.delete(key);
  };
  const look = async (key: string): Promise<void> => {
    const known = expected.get(key) ?? {};
    const pending = await front.store.read(key).catch(() => "unknown" as const);
    if (pending === "unknown") return;
    // A patch without a row is a row of its own here.
    const seen = front.store.overlay(fleet.rows.get(key) ?? {}, pending) ?? {};
    for (const field of ["a", "b"] as const)
      if ((seen[field] ?? 0) < (known[field] ?? 0))
        violations.push(`a reader of ${key} saw ${field} ${seen[field]}, not ${known[field]}`);
  };

  for (let step = 0; step < STEP_COUNT; step += 1) {
    const key = KEYS[Math.floor(random() * KEYS.length)] ?? "";
    const draw = random();
    const victim = drainers[Math.floor(random() * drainers.length)];
    if (draw < 0.5) void (busy.has(key) || change(key));
    else if (draw < 0.7) void (givesUp || look(key));
    else if (draw < 0.8) victim?.freeze();
    else if (draw < 0.88) victim?.thaw();
    else if (draw < 0.93) {
      victim?.kill();
      drainers = drainers.filter((each) => each !== victim).concat(fleet.start());
    } else if (draw < 0.96) {
      fleet.server.cut();
      void clock.after(30, () => fleet.server.restore());
    }
    await clock.advance(random() * (draw > 0.97 ? 2 * LEASE_MS : 25));
  }

  fleet.isCalm = true;
  for (const drainer of drainers) drainer.thaw();
  await clock.advance(3 * LEASE_MS);
  for (let round = 0; round < 20; round += 1) {
    const retried = front.store.retryDeadLetters();
    await clock.advance(2_000);
    const { retriedCount, busyCount } = await retried;
    if (retriedCount + busyCount === 0) break;
  }
  const flushed = front.store
    .flush({ timeoutMs: 5_000 })
    .catch((error: Error) => void violations.push(error.message));
  await clock.advance(6_000);
  await flushed;
  for (const [key, row] of expected) {
    const { sequence, ...written } = fleet.rows.get(key) ?? { sequence: 0n };
    void sequence;
    try {
      expect(written).toEqual(row);
    } catch {
      violations.push(`${key} is ${JSON.stringify(written)}, not ${JSON.stringify(row)}`);
    }
  }
  const closed = Promise.all([front, ...drainers].map(({ store }) => store.close()));
  await clock.advance(10_000);
  await closed;
  const inspector = fleet.server.connect();
  const [, left] = (await inspector.send(["SCAN", "0", "COUNT", "10000"])) as [string, string[]];
  for (const key of left) if (!key.endsWith(":meta")) violations.push(`left behind: ${key}`);
  return violations;
}

test(`nothing acknowledged is lost, nothing goes back, and nobody sees less than was acknowledged: ${SEED_COUNT} seeds`, async () => {
  for (let seed = 1; seed <= SEED_COUNT; seed += 1)
    expect(await run(seed), `seed ${seed}`).toEqual([]);
}, 600_000);

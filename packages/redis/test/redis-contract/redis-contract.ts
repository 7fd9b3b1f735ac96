import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, it } from "vitest";
import type { Redis } from "../../src/redis.ts";
import { blockingCases } from "./blocking.ts";
import { callCases } from "./calls.ts";
import { closingCases } from "./closing.ts";
import { commandCases } from "./commands.ts";
import { expiryCases } from "./expiry.ts";
import { messageCases } from "./messages.ts";
import { replyCases } from "./replies.ts";
import { scanCases } from "./scan.ts";
import { scriptCases } from "./scripts.ts";

export interface RedisContractOptions {
  /** A new connection each time, to the same server; what else is in it is left alone. */
  readonly connect: () => Redis | Promise<Redis>;
  /** Lets time pass on the server: waits, or moves a simulated clock. */
  readonly elapse: (ms: number) => Promise<void>;
  /** Cases that cannot hold, by name, and why. */
  readonly skip?: Readonly<Record<string, string>>;
}

/** What a case may use. Keys of one case begin with `key`, all of one slot. */
interface ContractContext {
  readonly redis: Redis;
  readonly key: string;
  readonly elapse: (ms: number) => Promise<void>;
  /** Another connection, closed after the case. */
  readonly connect: () => Promise<Redis>;
}

/** A promise of the port, by its claim. */
export type ContractCases = Readonly<Record<string, (context: ContractContext) => Promise<void>>>;

/** All of them, by their claims; each can be run alone. */
export const contractCases: ContractCases = {
  ...replyCases,
  ...commandCases,
  ...expiryCases,
  ...callCases,
  ...scriptCases,
  ...scanCases,
  ...messageCases,
  ...blockingCases,
  ...closingCases,
};

/** What every implementation of the port must do, checked against this one. */
export function redisContract(name: string, options: RedisContractOptions): void {
  describe(`${name} keeps the contract of the Redis port`, () => {
    let redis: Redis;
    const run = randomBytes(6).toString("hex");
    let caseNumber = 0;

    beforeAll(async () => {
      redis = await options.connect();
    });
    afterAll(() => redis?.close());

    for (const [claim, runCase] of Object.entries(contractCases)) {
      const reason = options.skip?.[claim];
      const title = reason === undefined ? claim : `${claim} (skipped: ${reason})`;
      // oxlint-disable-next-line vitest/valid-title, vitest/expect-expect -- the cases have both
      it.skipIf(reason !== undefined)(title, async () => {
        const others: Redis[] = [];
        caseNumber += 1;
        try {
          await runCase({
            redis,
            key: `{${run}-${caseNumber}}`,
            elapse: options.elapse,
            async connect() {
              const other = await options.connect();
              others.push(other);
              return other;
            },
          });
        } finally {
          await Promise.all(others.map((other) => other.close()));
        }
      });
    }
    for (const claim of Object.keys(options.skip ?? {}))
      if (!Object.hasOwn(contractCases, claim)) throw new Error(`no such case: ${claim}`);
  });
}

import { Agent } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cachingCases } from "./cases/caching-cases.ts";
import { negotiationCases } from "./cases/negotiation-cases.ts";
import { readConditionCases } from "./cases/read-condition-cases.ts";
import { writeConditionCases } from "./cases/write-condition-cases.ts";
import type { ConformanceCase } from "./conformance-case.ts";
import { runCase } from "./run-case.ts";

/** RFC 9110 and 9111, as data. */
export const CONFORMANCE_CASES: readonly ConformanceCase[] = [
  ...negotiationCases,
  ...readConditionCases,
  ...writeConditionCases,
  ...cachingCases,
];

/** A server that offers `RESOURCES`. */
export interface StartedServer {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Runs every case against a server, over sockets.
 *
 * @param options - `skips`: why a case cannot apply to this server, by its claim
 */
export function conformanceSuite(
  name: string,
  options: {
    readonly start: () => Promise<StartedServer>;
    readonly skips?: Readonly<Record<string, string>>;
  },
): void {
  describe(`${name} keeps RFC 9110 and 9111`, () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 4 });
    let server: StartedServer | undefined;
    beforeAll(async () => {
      server = await options.start();
    });
    afterAll(async () => {
      agent.destroy();
      await server?.close();
    });

    for (const testCase of CONFORMANCE_CASES) {
      const skipReason = options.skips?.[testCase.claim];
      it.skipIf(skipReason !== undefined)(
        `RFC ${testCase.section}: ${testCase.claim}`,
        async () => {
          const port = server?.port ?? 0;
          expect(await runCase({ port, agent }, testCase)).toEqual([]);
        },
      );
    }
  });
}

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Coding } from "../coding/coding.ts";
import { negotiateCoding, parseAcceptEncoding } from "./accept-encoding.ts";

const CODINGS: readonly Coding[] = ["br", "gzip", "zstd"];

const name = fc.constantFrom("br", "gzip", "zstd", "identity", "*", "deflate");
const item = fc.record({ name, weight: fc.integer({ min: 0, max: 1_000 }) });

describe("negotiateCoding", () => {
  it("sends what the client weighs highest, and nothing that it refuses", () => {
    fc.assert(
      fc.property(fc.uniqueArray(item, { selector: (one) => one.name, maxLength: 6 }), (items) => {
        const header = items.map((one) => `${one.name};q=${one.weight / 1_000}`).join(", ");
        const weights = new Map<string, number>(items.map((one) => [one.name, one.weight]));
        const any = weights.get("*");
        const weight = (coding: string): number => weights.get(coding) ?? any ?? 0;
        const plain = weights.get("identity") ?? any;
        const best = Math.max(...CODINGS.map(weight));
        const chosen = negotiateCoding(header, CODINGS);
        // Nothing is chosen only when everything is refused; identity, when no coding is wanted more.
        expect(chosen === undefined).toBe(plain === 0 && best === 0);
        expect(chosen === "identity").toBe(best === 0 ? plain !== 0 : (plain ?? 0) > best);
        const isCoded = chosen !== undefined && chosen !== "identity";
        expect(isCoded ? weight(chosen) : best).toBe(best);
      }),
    );
  });

  it("any text is an answer among those that there are", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 200 }), (header) => {
        expect([undefined, "identity", "br", "gzip"]).toContain(
          negotiateCoding(header, ["br", "gzip"]),
        );
      }),
    );
  });

  it("the order of what there is decides among equals", () => {
    expect(negotiateCoding("gzip, br, zstd", ["zstd", "br", "gzip"])).toBe("zstd");
    expect(negotiateCoding("gzip, br, zstd", ["gzip", "br"])).toBe("gzip");
  });

  it("of two weights for one coding the smaller counts", () => {
    expect(negotiateCoding("gzip;q=0, gzip", ["gzip"])).toBe("identity");
    expect(negotiateCoding("gzip, gzip;q=0", ["gzip"])).toBe("identity");
  });

  it("reads 32 members and 2,000 characters, and never half a member", () => {
    expect(negotiateCoding(`${"a,".repeat(31)}gzip`, ["gzip"])).toBe("gzip");
    expect(negotiateCoding(`${"a,".repeat(32)}gzip`, ["gzip"])).toBe("identity");
    // Cut after the name it would be acceptable.
    expect(negotiateCoding(`${"a".repeat(1_995)},gzip;q=0`, ["gzip"])).toBe("identity");
    expect(parseAcceptEncoding(`${"a".repeat(1_990)},gzip`).gzip).toBe(1_000);
  });
});

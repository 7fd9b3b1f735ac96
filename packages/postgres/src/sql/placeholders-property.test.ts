import * as fc from "fast-check";
import { loadModule, scanSync } from "libpg-query";
import { beforeAll, expect, test } from "vitest";
import { splitPlaceholders } from "./placeholders.ts";

beforeAll(() => loadModule());

const CASES = process.env["UPSHIFT_TEST_SCALE"] === "full" ? 40_000 : 3_000;
/** What tokens are made of, so that any of them may begin, end or hide another. */
const PIECES =
  `' '' E' e' \\ \\' U&' U&" " "" $1 $23 $ $$ $a$ $b$ a a$1 _ ä -- - /* */ * / 1 1e5 .5 ; ( ) B'1' x'f' N'a' :: || = nameE' 0x1F 1_000`
    .split(" ")
    .concat([" ", "\n", "\r", "\t", "'a'\n'b'", "E'a'\n'\\'", "E'a' -- x\n '\\''"]);

/** The parameters that PostgreSQL's own lexer finds; `undefined` for text that it refuses. */
function parametersOf(text: string): readonly number[] | undefined {
  try {
    const tokens = scanSync(text).tokens.filter(({ tokenName }) => tokenName === "PARAM");
    return tokens.map((token) => Number(token.text.slice(1)));
  } catch {
    return undefined;
  }
}

test("whatever PostgreSQL's own lexer reads, we find the same parameters in", () => {
  let compared = 0;
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...PIECES), { maxLength: 12 }), (pieces) => {
      const text = pieces.join("");
      const numbers = parametersOf(text);
      if (numbers === undefined) return;
      compared += 1;
      const ours = splitPlaceholders(text);
      expect([text, ours.numbers]).toEqual([text, numbers]);
      expect([undefined, "line comment"]).toContain(ours.endsInside);
    }),
    { numRuns: CASES, seed: 3 },
  );
  // Most texts end inside of something; the others are what counts.
  expect(compared).toBeGreaterThan(CASES / 5);
});

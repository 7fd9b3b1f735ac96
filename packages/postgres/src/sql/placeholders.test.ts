import { describe, expect, test } from "vitest";
import { splitPlaceholders } from "./placeholders.ts";

describe("parameters of a statement", () => {
  test.each([
    ["a = $1 AND b = $23", ["a = ", " AND b = ", ""], [1, 23]],
    ["$2$1", ["", "", ""], [2, 1]],
    ["1$2, 1e5$3", ["1", ", 1e5", ""], [2, 3]],
    ["x-$1 - -$2/$3*$4", ["x-", " - -", "/", "*", ""], [1, 2, 3, 4]],
    ["U&'$1'$2", ["U&'$1'", ""], [2]],
    ["E'a' -- x\n 'b\\' || $1", ["E'a' -- x\n 'b\\' || ", ""], [1]],
  ])("%s", (text, texts, numbers) => {
    expect(splitPlaceholders(text)).toEqual({ texts, numbers, endsInside: undefined });
  });

  test.each([
    "'$1'",
    "'it''s $1'",
    "'\\' || x -- $1\n",
    "E'\\' $1'",
    "e'''$1\\\\'",
    "E'a' \n  'b\\' $1'",
    "U&'d\\0061$1'",
    'x."a""$1"',
    "$$ $1 ' $$",
    "$tag$ $1 $$ $2 $tagg$ $tag$",
    "$ä$ $1 $ä$",
    "a$1, _$1, ä$1",
    "-- $1 ' \" $$\n",
    "/* $1 /* ' $2 */ $3 */ 4",
    "+/* $1 */-",
  ])("there are none in %s", (text) => {
    expect(splitPlaceholders(text)).toEqual({ texts: [text], numbers: [], endsInside: undefined });
  });

  test.each([
    ["'$1", "string"],
    ["E'$1\\'", "string"],
    ["E'a'\n'\\'$1", "string"],
    ['"$1', "quoted identifier"],
    ["$a$ $1 $b$", "dollar quote"],
    ["/* /* $1 */", "comment"],
    ["1 -- $1", "line comment"],
  ])("%s ends inside of a token", (text, endsInside) => {
    expect(splitPlaceholders(text)).toEqual({ texts: [text], numbers: [], endsInside });
  });
});

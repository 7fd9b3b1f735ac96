import { expect, test } from "vitest";
import { ChunkBuffer } from "./chunk-buffer.ts";
import { toCopyText } from "./copy-text.ts";
import { CsvRows } from "./csv-rows.ts";
import { isFormula } from "./formula-guard.ts";

function csv(cells: (string | null)[], isGuarded = false): string {
  const chunks: Buffer[] = [];
  const out = new ChunkBuffer((chunk) => chunks.push(chunk));
  new CsvRows(
    cells.map(() => "text"),
    isGuarded,
  ).write(toCopyText(cells), out);
  out.flush();
  return Buffer.concat(chunks).toString();
}

test("cells are quoted where RFC 4180 asks for it, and where NULL and the empty string would be alike", () => {
  expect(csv([null, "", "a", "a b", "a,b", 'a"b', "a\r\nb", "é"])).toBe(
    ',"",a,a b,"a,b","a""b","a\r\nb",é\r\n',
  );
});

test("a quote for every byte has room", () => {
  const quotes = '"'.repeat(100_000);
  expect(csv([quotes, quotes])).toBe(`"${'""'.repeat(100_000)}","${'""'.repeat(100_000)}"\r\n`);
});

test.each(["=1", "+1+1", "-1-1", "@x", "\t1", "\r1", "\n1", " =1", '"=1', "'=1", "＝1", "-", "+a"])(
  "%j may be a formula",
  (cell) => {
    expect(isFormula(cell)).toBe(true);
    expect(csv([cell], true)).toBe(`"'${cell.replaceAll('"', '""')}"\r\n`);
  },
);

test.each(["-1", "+1", "-1.5e+10", "-$1,234.50", "-Infinity", "1=1", "a", "", " a", "'a'"])(
  "%j is none",
  (cell) => {
    expect(isFormula(cell)).toBe(false);
    expect(csv([cell], true)).toBe(csv([cell]));
  },
);

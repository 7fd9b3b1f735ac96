import type { Comparison } from "./compare.ts";
import type { Screen } from "./screen.ts";

/** A change below a tenth, or below what a clock on a busy machine tells, is none. */
const CHANGE_RATIO = 1.1;
const CHANGE_MS = 0.3;

/** The table at the end of the demo, one row per query; plans go below the row where the terminal is narrow. */
export function renderComparison(
  comparisons: readonly Comparison[],
  screen: Pick<Screen, "columns" | "paint">,
): readonly string[] {
  const nameWidth = Math.max(...comparisons.map(({ name }) => name.length));
  const planWidth = Math.max(...comparisons.map(({ planBefore }) => planBefore.length), 11);
  const head = row(nameWidth, [
    "query",
    "calls",
    "p50 before",
    "p50 after",
    "factor",
    "claimed",
    "measured",
  ]);
  const isWide = screen.columns >= head.length + 2 * planWidth + 6;
  const title = isWide ? `${head}  ${"plan before".padEnd(planWidth)}  plan after` : head;
  const lines = [screen.paint("bold", title)];
  for (const each of comparisons) {
    const { claimedGainRatio: claimed } = each;
    const cells = row(nameWidth, [
      each.name,
      String(each.calls),
      milliseconds(each.beforeMs),
      milliseconds(each.afterMs),
      factor(each.beforeMs / each.afterMs),
      claimed === undefined ? "" : percent(claimed),
      claimed === undefined ? "" : percent(each.measuredGainRatio),
    ]);
    const color = colorOf(each);
    const isSame = each.planBefore === each.planAfter;
    const planAfter = isSame ? "the same" : each.planAfter;
    if (isWide) {
      const text = `${cells}  ${each.planBefore.padEnd(planWidth)}  ${planAfter}`;
      lines.push(screen.paint(color, text));
    } else {
      lines.push(screen.paint(color, cells));
      if (!isSame) lines.push(screen.paint("dim", `    ${each.planBefore} -> ${each.planAfter}`));
    }
  }
  return lines;
}

function row(nameWidth: number, cells: readonly string[]): string {
  const widths = [nameWidth, 6, 11, 10, 7, 8, 9];
  return cells
    .map((cell, column) => {
      const width = widths[column] ?? 0;
      return column === 0 ? cell.padEnd(width) : cell.padStart(width);
    })
    .join(" ");
}

function colorOf({ beforeMs, afterMs }: Comparison): "green" | "red" | "dim" {
  if (Math.abs(beforeMs - afterMs) < CHANGE_MS) return "dim";
  if (beforeMs / afterMs >= CHANGE_RATIO) return "green";
  return afterMs / beforeMs >= CHANGE_RATIO ? "red" : "dim";
}

function milliseconds(ms: number): string {
  return `${ms.toFixed(ms < 10 ? 2 : 1)} ms`;
}

function factor(times: number): string {
  return `${times.toFixed(times < 10 ? 1 : 0)}x`;
}

export function percent(ratio: number): string {
  return `${(ratio * 100).toFixed(1)} %`;
}

import type { PlanRule } from "./plan-rule.ts";
import { diskSpill } from "./rules/disk-spill.ts";
import { heapFetches } from "./rules/heap-fetches.ts";
import { innerLoops } from "./rules/inner-loops.ts";
import { largeOffset } from "./rules/large-offset.ts";
import { lossyBitmap } from "./rules/lossy-bitmap.ts";
import { misestimate } from "./rules/misestimate.ts";
import { rowsRemoved } from "./rules/rows-removed.ts";
import { seqScan } from "./rules/seq-scan.ts";

/** Every rule about plans; a new one is a file in `rules/`, an entry here, a row of the catalogue in findings and a page in `docs/rules`. */
export const planRules: readonly PlanRule[] = [
  seqScan,
  rowsRemoved,
  innerLoops,
  largeOffset,
  heapFetches,
  diskSpill,
  lossyBitmap,
  misestimate,
];

// What CI runs: the test command of the README at full scale, and the checks of the repository itself.
// Each check counts as one; the last line has the true totals.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const started = Date.now();
const folder = mkdtempSync(join(tmpdir(), "upshift-ci-"));
const report = join(folder, "tests.json");
const total = { passed: 0, failed: 0, skipped: 0 };

const CHECKS = [
  ["build", ["npm", "run", "build"]],
  [
    "services",
    [
      "node",
      "scripts/services/dist/bring.js",
      "postgres-majors",
      "pgbouncer",
      "prisma",
      "redis",
      "chromium",
    ],
  ],
  ["format", ["npm", "run", "format:check"]],
  ["lint", ["npm", "run", "lint"]],
  ["layers", ["npm", "run", "layers"]],
  ["unused", ["npm", "run", "unused"]],
  ["lock", ["npm", "run", "lock:check"]],
  ["packages", ["npm", "run", "packages"]],
  ["node 22 and 24", ["node", "scripts/test-on-node.mjs", "22", "24"]],
];

try {
  if (!existsSync("node_modules")) must(["npm", "ci"]);
  for (const [name, command] of CHECKS) count(name, run(name, command));
  const exitCode = run("tests", ["npm", "test"], {
    UPSHIFT_TEST_SCALE: "full",
    UPSHIFT_FORBID_SKIPS: "1",
    UPSHIFT_TEST_REPORT: report,
  });
  countTests(exitCode);
  count("clean", isClean());
} finally {
  rmSync(folder, { recursive: true, force: true });
}

const { passed, failed, skipped } = total;
console.log(`took ${Math.round((Date.now() - started) / 1000)} s`);
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
process.exitCode = failed > 0 ? 1 : 0;

function run(name, [command, ...args], env = {}) {
  console.log(`\n== ${name}: ${[command, ...args].join(" ")}`);
  const { status } = spawnSync(command, args, {
    stdio: "inherit",
    env: { ...process.env, ...env },
  });
  return status === 0;
}

function must(command) {
  if (run("install", command)) return;
  console.log("0 passed, 1 failed");
  process.exit(1);
}

function count(name, ok) {
  total[ok ? "passed" : "failed"] += 1;
  console.log(`== ${name}: ${ok ? "ok" : "FAILED"}`);
}

/** A run that ended badly without a failed test, or without a report, is a failure all the same. */
function countTests(ok) {
  const counted = existsSync(report) ? JSON.parse(readFileSync(report, "utf8")) : undefined;
  for (const key of Object.keys(total)) total[key] += counted?.[key] ?? 0;
  if (!ok && (counted === undefined || counted.failed === 0)) total.failed += 1;
}

/** The commands leave no trace in a clone. */
function isClean() {
  const { stdout } = spawnSync("git", ["status", "--porcelain"], { encoding: "utf8" });
  if (stdout.trim() !== "") console.error(stdout);
  return stdout.trim() === "";
}

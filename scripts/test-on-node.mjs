// Runs the unit tests on other majors of Node, which npm brings as packages: `node scripts/test-on-node.mjs 22 24`.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

let failed = 0;
for (const major of process.argv.slice(2)) {
  const node = bring(major);
  console.log(
    `\nunit tests on Node ${spawnSync(node, ["--version"], { encoding: "utf8" }).stdout.trim()}`,
  );
  const { status } = spawnSync(
    node,
    ["node_modules/vitest/vitest.mjs", "run", "--project", "unit"],
    {
      stdio: "inherit",
      // The counts of this run are a repetition: they stay out of the report.
      env: { ...process.env, UPSHIFT_TEST_REPORT: undefined },
    },
  );
  if (status !== 0) failed += 1;
}
process.exitCode = failed > 0 ? 1 : 0;

/** The path of this major's binary, installed below node_modules/.cache when it is not there yet. */
function bring(major) {
  const folder = resolve("node_modules/.cache/node", major);
  const binary = join(folder, "node_modules/node/bin/node");
  if (!existsSync(binary)) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "package.json"), "{}");
    spawnSync("npm", ["install", "--prefix", folder, "--no-package-lock", `node@${major}`], {
      stdio: "inherit",
    });
  }
  if (!existsSync(binary)) throw new Error(`could not bring Node ${major} from npm`);
  return binary;
}

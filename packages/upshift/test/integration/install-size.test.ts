import { execFile } from "node:child_process";
import { lstat, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL("../../../..", import.meta.url));
const PACKAGES = ["foundation", "findings", "plan", "advisor", "upshift"];
const LIMIT_BYTES = 40 * 1024 * 1024;

// Packs and installs from the registry: minutes, and only where there is one.
describe.runIf(process.env["UPSHIFT_TEST_SCALE"] === "full")("an installed upshift", () => {
  let folder: string;
  let project: string;

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "upshift-install-"));
    project = path.join(folder, "project");
    await mkdir(project);
    const tarballs: string[] = [];
    for (const name of PACKAGES) {
      // The build is there already, and packing must not take it away from tests that run beside this one.
      const { stdout } = await run(
        "npm",
        ["pack", "--ignore-scripts", "--json", "--pack-destination", folder],
        { cwd: path.join(ROOT, "packages", name) },
      );
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- npm's own format
      const [packed] = JSON.parse(stdout) as readonly { readonly filename: string }[];
      tarballs.push(path.join(folder, packed?.filename ?? ""));
    }
    await writeFile(path.join(project, "package.json"), JSON.stringify({ private: true }));
    await run("npm", ["install", "--no-audit", "--no-fund", ...tarballs], { cwd: project });
  }, 300_000);

  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  test("takes less than 40 MB on disk", async () => {
    const sizeBytes = await sizeOf(path.join(project, "node_modules"));
    expect(sizeBytes).toBeGreaterThan(1024 * 1024);
    expect(sizeBytes).toBeLessThan(LIMIT_BYTES);
  });

  test("runs", async () => {
    const { stdout } = await run("npx", ["upshift", "--version"], { cwd: project });
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    const rules = await run("npx", ["upshift", "rules"], { cwd: project });
    expect(rules.stdout).toContain("index/missing");
  });
});

/** Bytes of all files below a folder, rounded up to the 4 kB blocks that they take. */
async function sizeOf(folder: string): Promise<number> {
  let sizeBytes = 0;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const { size } = await lstat(path.join(entry.parentPath, entry.name));
    sizeBytes += Math.ceil(size / 4096) * 4096;
  }
  return sizeBytes;
}

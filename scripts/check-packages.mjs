// Packs every public package and lets publint and attw look at the tarball as a user would get it.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const folder = mkdtempSync(join(tmpdir(), "upshift-pack-"));
const bin = resolve("node_modules/.bin");
let failed = 0;

try {
  for (const name of readdirSync("packages")) {
    const manifest = JSON.parse(readFileSync(`packages/${name}/package.json`, "utf8"));
    if (manifest.private) continue;
    // No build in between: dist is what `tsc -b` has just made, and prepack makes it anew only for a release.
    const packed = execFileSync(
      "npm",
      ["pack", "--json", "--ignore-scripts", "--loglevel=error", "--pack-destination", folder],
      { cwd: `packages/${name}`, encoding: "utf8" },
    );
    const tarball = join(folder, JSON.parse(packed)[0].filename);
    run(`${name}: publint`, join(bin, "publint"), ["--strict", tarball]);
    run(`${name}: attw`, join(bin, "attw"), [tarball, "--profile", "esm-only", "--quiet"]);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = failed > 0 ? 1 : 0;

function run(label, command, args) {
  try {
    execFileSync(command, args, { encoding: "utf8", stdio: "pipe" });
    console.log(`ok      ${label}`);
  } catch (error) {
    failed += 1;
    console.error(`FAILED  ${label}\n${error.stdout ?? ""}${error.stderr ?? ""}`);
  }
}

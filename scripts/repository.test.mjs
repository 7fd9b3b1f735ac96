// The checks of the repository itself: each must pass on the tree and fail on a planted fault.
import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

const root = resolve(import.meta.dirname, "..");
let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "upshift-repository-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe("check-layers", () => {
  test("passes on this tree", () => {
    expect(run("check-layers.mjs", root)).toMatchObject({ status: 0 });
  });

  test("refuses a declared dependency on a higher row", () => {
    plant({ "packages/plan/package.json": { dependencies: { "@upshift/advisor": "1.0.0" } } });
    expect(run("check-layers.mjs", folder)).toMatchObject({
      status: 1,
      text: expect.stringMatching(/plan.*advisor/),
    });
  });

  test("refuses an undeclared import of a higher row, of the same row, and of no package", () => {
    for (const name of ["upshift", "@upshift/redis", "@upshift/nonsense"]) {
      plant({ "packages/plan/package.json": {}, "packages/plan/src/a.ts": `import "${name}";` });
      expect(run("check-layers.mjs", folder)).toMatchObject({
        status: 1,
        text: expect.stringContaining(name),
      });
    }
  });

  test("refuses a package that the table does not name", () => {
    plant({ "packages/extra/package.json": {} });
    expect(run("check-layers.mjs", folder)).toMatchObject({
      status: 1,
      text: expect.stringContaining("packages/extra"),
    });
  });
});

test("every package carries the licence, which npm takes into it from its own folder only", () => {
  const licence = readFileSync(join(root, "LICENSE"), "utf8");
  for (const name of readdirSync(join(root, "packages")))
    expect(readFileSync(join(root, "packages", name, "LICENSE"), "utf8")).toBe(licence);
});

describe("complete-lock", () => {
  const lock = {
    lockfileVersion: 3,
    packages: {
      "node_modules/tool": {
        version: "1.2.0",
        dev: true,
        optionalDependencies: { "@tool/linux-x64": "1.2.0", "@tool/darwin-arm64": "^1.2.0-beta.1" },
      },
      "node_modules/tool/node_modules/@tool/linux-x64": {
        version: "1.2.0",
        optional: true,
        libc: ["glibc"],
      },
    },
  };

  test("passes on this tree", () => {
    expect(run("complete-lock.mjs", root, "--check")).toMatchObject({ status: 0 });
  });

  test("names what is missing, adds it for its platform, and is then content", () => {
    writeFileSync(join(folder, "package-lock.json"), JSON.stringify(lock));
    expect(run("complete-lock.mjs", folder, "--check")).toMatchObject({
      status: 1,
      text: expect.stringContaining("@tool/darwin-arm64 1.2.0-beta.1"),
    });
    expect(run("complete-lock.mjs", folder)).toMatchObject({ status: 0 });
    const completed = JSON.parse(readFileSync(join(folder, "package-lock.json"), "utf8"));
    expect(completed.packages["node_modules/@tool/darwin-arm64"]).toEqual({
      version: "1.2.0-beta.1",
      cpu: ["arm64"],
      dev: true,
      optional: true,
      os: ["darwin"],
    });
    expect(Object.keys(completed.packages)).toHaveLength(3);
    expect(JSON.stringify(completed)).not.toContain("libc");
    expect(run("complete-lock.mjs", folder, "--check")).toMatchObject({ status: 0 });
  });
});

describe("docs/errors.md", () => {
  const page = readFileSync(join(root, "docs/errors.md"), "utf8");
  const documented = [...page.matchAll(/^## (UPSHIFT_\w+)$/gm)].map(([, code]) => code);
  const thrown = new Set(
    ["packages", "scripts", "examples", "benchmarks"]
      .flatMap((name) => sourcesBelow(join(root, name)))
      .flatMap((file) =>
        [...readFileSync(file, "utf8").matchAll(/\bcode = "(UPSHIFT_\w+)"/g)].map(
          ([, code]) => code,
        ),
      ),
  );

  test("lists every code that is thrown", () => {
    expect(thrown.size).toBeGreaterThan(0);
    expect([...thrown].filter((code) => !documented.includes(code))).toEqual([]);
  });

  test("lists no code that is not thrown, and none twice", () => {
    expect(documented.filter((code) => !thrown.has(code))).toEqual([]);
    expect(new Set(documented).size).toBe(documented.length);
  });
});

describe("Markdown", () => {
  test("has no relative link that leads nowhere", () => {
    const pages = spawnSync("git", ["ls-files", "*.md"], { cwd: root, encoding: "utf8" })
      .stdout.split("\n")
      .filter((name) => name !== "");
    expect(pages).toContain("README.md");
    const broken = pages.flatMap((page) => brokenLinks(join(root, page)));
    expect(broken).toEqual([]);
  });

  test("a link that leads nowhere is found", () => {
    writeFileSync(
      join(folder, "page.md"),
      "[here](page.md#top) [web](https://x.org) [gone](a/b.md)",
    );
    expect(brokenLinks(join(folder, "page.md"))).toEqual([`${join(folder, "page.md")}: a/b.md`]);
  });
});

function brokenLinks(page) {
  return [...readFileSync(page, "utf8").matchAll(/\]\(([^)\s#]+)[^)]*\)/g)]
    .map(([, link]) => link)
    .filter((link) => !/^[a-z]+:/.test(link) && !existsSync(join(dirname(page), link)))
    .map((link) => `${page}: ${link}`);
}

function sourcesBelow(path) {
  return readdirSync(path, { recursive: true, encoding: "utf8" })
    .filter((name) => /^(?:[\w-]+\/)?src\/.*(?<!\.test|\.bench)\.tsx?$/.test(name))
    .map((name) => join(path, name));
}

function run(script, cwd, ...args) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(root, "scripts", script), ...args],
    { cwd, encoding: "utf8" },
  );
  return { status, text: stdout + stderr };
}

function plant(files) {
  rmSync(join(folder, "packages"), { recursive: true, force: true });
  cpSync(join(root, "ARCHITECTURE.md"), join(folder, "ARCHITECTURE.md"));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(folder, dirname(name), "src"), { recursive: true });
    writeFileSync(
      join(folder, name),
      typeof content === "string" ? content : JSON.stringify(content),
    );
  }
}

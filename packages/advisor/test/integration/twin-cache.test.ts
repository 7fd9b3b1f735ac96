import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  truncate,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openTwin } from "../../src/twin/open-twin.ts";
import { templatePath } from "../../src/twin/template/template-cache.ts";
import { snapshotOf } from "./twin/made-up-snapshot.ts";
import { isFullScale } from "./twin/test-scale.ts";

const SNAPSHOT = snapshotOf({});

/** Opens a twin, proves that it plans, and tells whether it had to be initialised. */
async function wasBuilt(directory: string): Promise<boolean> {
  const labels: string[] = [];
  const twin = await openTwin(SNAPSHOT, {
    cacheDirectory: directory,
    onProgress: (progress) => labels.push(progress.label),
  });
  try {
    const { cost } = await twin.plan({ text: "SELECT 1", parameters: [] }, new Set());
    expect(cost).toBeGreaterThan(0);
  } finally {
    await twin.close();
  }
  return labels.some((label) => label.includes("first time"));
}

describe("the cache of the initialised planner", () => {
  let cacheDirectory: string;

  beforeEach(async () => {
    cacheDirectory = await mkdtemp(join(tmpdir(), "upshift-cache-"));
  });

  afterEach(async () => {
    await chmod(cacheDirectory, 0o700).catch(() => undefined);
    await rm(cacheDirectory, { recursive: true, force: true });
  });

  it("is filled by the first run and used by the second", async () => {
    expect(await wasBuilt(cacheDirectory)).toBe(true);
    expect(await wasBuilt(cacheDirectory)).toBe(false);
    expect(await readdir(cacheDirectory)).toHaveLength(1);
  }, 120_000);

  it("is rebuilt when it is cut short", async () => {
    await wasBuilt(cacheDirectory);
    const path = templatePath(cacheDirectory, "bytes");
    const whole = await readFile(path);
    await truncate(path, whole.byteLength - 1);
    expect(await wasBuilt(cacheDirectory)).toBe(true);
    expect(await wasBuilt(cacheDirectory)).toBe(false);
  }, 240_000);

  // Each rebuilding is an initdb of several seconds.
  it.runIf(isFullScale)(
    "is rebuilt when a byte is wrong or it is something else",
    async () => {
      await wasBuilt(cacheDirectory);
      const path = templatePath(cacheDirectory, "bytes");
      const whole = await readFile(path);
      const wrong = Buffer.from(whole);
      wrong[whole.byteLength - 5000] = (wrong[whole.byteLength - 5000] ?? 0) ^ 1;
      await writeFile(path, wrong);
      expect(await wasBuilt(cacheDirectory)).toBe(true);
      await rm(path);
      await mkdir(path);
      expect(await wasBuilt(cacheDirectory)).toBe(true);
    },
    240_000,
  );

  it("is right after several first runs at once", async () => {
    const built = await Promise.all([1, 2].map(() => wasBuilt(cacheDirectory)));
    expect(built).toContain(true);
    expect(await readdir(cacheDirectory)).toHaveLength(1);
    expect(await wasBuilt(cacheDirectory)).toBe(false);
  }, 240_000);

  it("only costs time where it cannot be written", async () => {
    // A file where the directory should be also stops root, whom permissions do not.
    const file = join(cacheDirectory, "file");
    await writeFile(file, "");
    expect(await wasBuilt(join(file, "cache"))).toBe(true);
    await chmod(cacheDirectory, 0o500);
    expect(await wasBuilt(join(cacheDirectory, "below"))).toBe(true);
  }, 240_000);
});

describe("the temporary directory", () => {
  let temporary: string;
  const before = process.env["TMPDIR"];

  beforeEach(async () => {
    temporary = await mkdtemp(join(tmpdir(), "upshift-tmp-"));
    process.env["TMPDIR"] = temporary;
  });

  afterEach(async () => {
    if (before === undefined) delete process.env["TMPDIR"];
    else process.env["TMPDIR"] = before;
    await rm(temporary, { recursive: true, force: true });
  });

  it("is gone after close, which may be called twice", async () => {
    const twin = await openTwin(SNAPSHOT);
    expect(await readdir(temporary)).toHaveLength(1);
    await Promise.all([twin.close(), twin.close()]);
    expect(await readdir(temporary)).toEqual([]);
    await expect(twin.plan({ text: "SELECT 1", parameters: [] }, new Set())).rejects.toMatchObject({
      code: "UPSHIFT_TWIN_CLOSED",
    });
  }, 120_000);

  it("is gone after an abort at any step", async () => {
    for (let step = 0; step < 5; step += 1) {
      const controller = new AbortController();
      const reason = new Error(`stop at ${step}`);
      const opening = openTwin(SNAPSHOT, {
        signal: controller.signal,
        onProgress: (progress) => {
          if (progress.done === step) controller.abort(reason);
        },
      });
      await expect(opening).rejects.toBe(reason);
      expect(await readdir(temporary)).toEqual([]);
    }
  }, 120_000);
});

import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { packDirectory, unpackDirectory } from "./template-archive.ts";

describe("a packed directory", () => {
  let root: string;
  let target: string;
  let archive: Buffer;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "upshift-archive-"));
    const source = join(root, "source");
    target = join(root, "target");
    await mkdir(join(source, "base", "empty"), { recursive: true });
    await mkdir(target);
    await writeFile(join(source, "base", "1"), Buffer.from([0, 1, 2, 255]));
    await writeFile(join(source, "PG_VERSION"), "18\n");
    await writeFile(join(source, "nothing"), "");
    archive = await packDirectory(source);
  });

  afterEach(async () => {
    await rm(root, { recursive: true, force: true });
  });

  it("comes out as it went in, empty files and directories too", async () => {
    expect(await unpackDirectory(archive, target)).toBe(true);
    expect((await readdir(target, { recursive: true })).toSorted()).toEqual(
      ["PG_VERSION", "base", join("base", "1"), join("base", "empty"), "nothing"].toSorted(),
    );
    expect(await readFile(join(target, "base", "1"))).toEqual(Buffer.from([0, 1, 2, 255]));
  });

  it("is refused when any byte of it is missing or wrong, and nothing is written then", async () => {
    for (const damaged of [
      Buffer.alloc(0),
      archive.subarray(0, 20),
      archive.subarray(0, archive.byteLength - 1),
      ...[0, 20, 50, archive.byteLength - 1].map((position) => {
        const copy = Buffer.from(archive);
        copy[position] = (copy[position] ?? 0) ^ 1;
        return copy;
      }),
    ]) {
      expect(await unpackDirectory(damaged, target)).toBe(false);
    }
    expect(await readdir(target)).toEqual([]);
  });
});

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

test("what siblings throw after the end of a call never ends the process", () => {
  const fixture = fileURLToPath(
    new URL("../../test/fixtures/late-rejections.mjs", import.meta.url),
  );
  const { status, stdout, stderr } = spawnSync(process.execPath, [fixture], { encoding: "utf8" });
  expect({ status, stdout, stderr }).toEqual({
    status: 0,
    stdout: "16 calls failed, nothing was left\n",
    stderr: "",
  });
});

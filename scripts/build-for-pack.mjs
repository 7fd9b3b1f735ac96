// `tsc -b` never deletes the output of a source that is gone, so a package is packed from an empty dist.
import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";

rmSync("dist", { recursive: true, force: true });
execFileSync("tsc", ["-b"], { stdio: "inherit" });

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { diagnosePlan } from "./diagnose-plan.ts";
import { parsePlan } from "./parse-plan.ts";

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");

describe("the example in the README", () => {
  test("gives what its comments say", () => {
    const text = /parsePlan\(`([^`]*)`\)/.exec(readme)?.[1] ?? "";
    const promised = [...readme.matchAll(/^finding\.(\S+); \/\/ "(.*?)"(?::.*)?$/gm)].map(
      ([, , value]) => value,
    );
    const [finding] = diagnosePlan(parsePlan(text));
    expect([finding?.title, finding?.fix.sql, finding?.confidence]).toEqual(promised);
  });
});

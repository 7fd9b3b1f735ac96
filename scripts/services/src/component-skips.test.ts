import { expect, test, vi } from "vitest";
import { componentSkips } from "./component-skips.ts";
import { ServiceUnavailableError } from "./services-errors.ts";

const missing = async (): Promise<never> => {
  throw new ServiceUnavailableError("PgBouncer", "it is not on the PATH");
};

test("a group whose component is there runs", async () => {
  expect(await componentSkips("through a pooler", async () => "here", {})).toEqual({
    isMissing: false,
    reason: undefined,
  });
});

test("a group whose component is missing is skipped by name, with the reason on standard error", async () => {
  const written = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  const reason = "PgBouncer is not available: it is not on the PATH";
  expect(await componentSkips("through a pooler", missing, {})).toEqual({
    isMissing: true,
    reason,
  });
  expect(written.mock.calls).toEqual([[`SKIPPED through a pooler: ${reason}\n`]]);
  written.mockRestore();
});

test("where skips are forbidden a missing component is an error", async () => {
  await expect(
    componentSkips("through a pooler", missing, { UPSHIFT_FORBID_SKIPS: "1" }),
  ).rejects.toMatchObject({ code: "UPSHIFT_SERVICE_UNAVAILABLE" });
});

test("a fault of the component is never taken for its absence", async () => {
  const fault = new Error("out of memory");
  const failing = async (): Promise<never> => {
    throw fault;
  };
  await expect(componentSkips("through a pooler", failing, {})).rejects.toBe(fault);
});

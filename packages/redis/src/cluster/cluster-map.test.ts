import { expect, it } from "vitest";
import { parseClusterSlots, parseRedirect } from "./cluster-map.ts";

it("reads which master serves which slot, and takes the asked host where a node does not know its own", () => {
  const map = parseClusterSlots(
    [
      [0, 1, ["10.0.0.1", 7000, "id", []], ["10.0.0.2", 7001, "id"]],
      [3, 3, ["", 7002, "id"]],
      [4, 4, [null, 7003, "id"]],
      [5, 5, ["?", 7004, "id"]],
    ],
    "asked",
  );
  expect(map?.slice(0, 7)).toEqual([
    { host: "10.0.0.1", port: 7000 },
    { host: "10.0.0.1", port: 7000 },
    undefined,
    { host: "asked", port: 7002 },
    { host: "asked", port: 7003 },
    { host: "asked", port: 7004 },
    undefined,
  ]);
  expect(parseClusterSlots("OK", "asked")).toBeUndefined();
  expect(parseClusterSlots([[0, 1, "x"]], "asked")).toBeUndefined();
});

it("reads redirects, also to IPv6 addresses and to nobody in particular", () => {
  expect(parseRedirect("MOVED 3999 127.0.0.1:6381", "asked")).toEqual({
    slot: 3_999,
    address: { host: "127.0.0.1", port: 6_381 },
  });
  expect(parseRedirect("ASK 1 2001:db8::1:6379", "asked")?.address.host).toBe("2001:db8::1");
  expect(parseRedirect("MOVED 1 :6379", "asked")?.address.host).toBe("asked");
  expect(parseRedirect("ERR something", "asked")).toBeUndefined();
});

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { clientAddress, type ClientAddressOptions } from "./client-address.ts";
import { formatIp, networkOf, parseIp } from "./ip-address.ts";

function clientOf(
  value: string | readonly string[] | undefined,
  options: ClientAddressOptions,
  remoteAddress = "10.0.0.1",
): string | undefined {
  const headers = { [options.header ?? "x-forwarded-for"]: value };
  return clientAddress({ headers, socket: { remoteAddress } }, options)?.address;
}

describe("the client behind proxies", () => {
  test.each([
    // Nothing is believed without a proxy.
    ["1.2.3.4", 0, "10.0.0.1"],
    [undefined, 1, "10.0.0.1"],
    ["", 1, "10.0.0.1"],
    ["1.2.3.4", 1, "1.2.3.4"],
    // What a client wrote comes first, and is passed over.
    ["9.9.9.9, 1.2.3.4", 1, "1.2.3.4"],
    ["9.9.9.9, 8.8.8.8,1.2.3.4 , 10.0.0.2", 2, "1.2.3.4"],
    ['"evil, , ;;;, 1.2.3.4', 1, "1.2.3.4"],
    // Somebody came round a proxy.
    ["9.9.9.9", 2, "10.0.0.1"],
    // A proxy that knew none, or wrote something else: the nearest that is known.
    ["9.9.9.9, unknown", 1, "10.0.0.1"],
    ["9.9.9.9, unknown, 10.0.0.2", 2, "10.0.0.2"],
    ["1.2.3.4.5", 1, "10.0.0.1"],
    ["1.2.3.4:5678", 1, "1.2.3.4"],
    ["01.2.3.4", 1, "10.0.0.1"],
    ["2001:DB8::0:1", 1, "2001:db8::1"],
    ["[2001:db8::1]:443", 1, "2001:db8::1"],
    ["[2001:db8::1]", 1, "2001:db8::1"],
    ["::ffff:1.2.3.4", 1, "1.2.3.4"],
    ["::FFFF:0102:0304", 1, "1.2.3.4"],
    ["fe80::1%eth0", 1, "fe80::1"],
    ["[2001:db8::1", 1, "10.0.0.1"],
    [", ", 1, "10.0.0.1"],
    [["9.9.9.9", "1.2.3.4"], 1, "1.2.3.4"],
  ])("X-Forwarded-For %j with %i trusted is %s", (value, trustedHops, client) => {
    expect(clientOf(value, { trustedHops })).toBe(client);
  });

  test.each([
    ["for=1.2.3.4", 1, "1.2.3.4"],
    ["For=1.2.3.4;proto=https;by=10.0.0.9", 1, "1.2.3.4"],
    ['for="[2001:db8:cafe::17]:4711"', 1, "2001:db8:cafe::17"],
    ['for="1.2.3.4:80", for=10.0.0.2', 2, "1.2.3.4"],
    ["for=9.9.9.9, for=1.2.3.4", 1, "1.2.3.4"],
    ['for=1.2.3.4;host="a, for=9.9.9.9"', 1, "1.2.3.4"],
    ["for=_hidden", 1, "10.0.0.1"],
    ["for=unknown, for=10.0.0.2", 2, "10.0.0.2"],
    ["proto=https", 1, "10.0.0.1"],
    // RFC 7239 section 4: empty pairs; section 6: a port that is hidden.
    ["for=9.9.9.9, for=1.2.3.4;", 1, "1.2.3.4"],
    ["for=9.9.9.9;, for=1.2.3.4;;proto=https ; ", 1, "1.2.3.4"],
    ['for="[2001:db8::1]:_port", for="10.0.0.2:_p"', 2, "2001:db8::1"],
    ["for=9.9.9.9, ;", 1, "10.0.0.1"],
    ["for=9.9.9.9,,for=1.2.3.4", 1, "10.0.0.1"],
    // Malformed anywhere is malformed.
    ['for="9.9.9.9, for=1.2.3.4', 1, "10.0.0.1"],
    ["for=9.9.9.9;for=8.8.8.8", 1, "10.0.0.1"],
    ["for=1.2.3.4,", 1, "10.0.0.1"],
    ["for = 1.2.3.4", 1, "10.0.0.1"],
    [`for=1.2.3.4;x=${"y".repeat(9_000)}`, 1, "10.0.0.1"],
  ])("Forwarded %j with %i trusted is %s", (value, trustedHops, client) => {
    expect(clientOf(value, { trustedHops, header: "forwarded" })).toBe(client);
  });

  test("of two headers only the one that the proxies write is looked at", () => {
    const headers = { "x-forwarded-for": "9.9.9.9", forwarded: "for=1.2.3.4" };
    const request = { headers, socket: { remoteAddress: "10.0.0.1" } };
    expect(clientAddress(request, { trustedHops: 1, header: "forwarded" })?.address).toBe(
      "1.2.3.4",
    );
    expect(clientAddress(request, { trustedHops: 1 })?.address).toBe("9.9.9.9");
  });

  test("whatever a client writes before it, what the proxy wrote is taken", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), fc.ipV4(), (written, address) => {
        expect(clientOf(`${written}, ${address}`, { trustedHops: 1 })).toBe(address);
      }),
      { seed: 8 },
    );
    const huge = `${"9.9.9.9,".repeat(100_000)} 1.2.3.4`;
    expect(clientOf(huge, { trustedHops: 1 })).toBe("1.2.3.4");
  });

  test("no text of a Forwarded header throws, or gives anything but an address", () => {
    const part = fc.constantFrom("for=", '"', ",", ";", "1.2.3.4", "\\", " ", "[::1]", "x", "=");
    fc.assert(
      fc.property(fc.array(part), (parts) => {
        const client = clientOf(parts.join(""), { trustedHops: 1, header: "forwarded" });
        expect(["10.0.0.1", "1.2.3.4", "::1"]).toContain(client);
      }),
      { seed: 9, numRuns: 2_000 },
    );
  });

  test("a connection that is gone has none, and options that cannot work are refused", () => {
    expect(clientAddress({ headers: {}, socket: {} })).toBe(undefined);
    const request = { headers: {}, socket: { remoteAddress: "10.0.0.1" } };
    for (const options of [
      { trustedHops: -1 },
      { trustedHops: 1.5 },
      { v6Prefix: 0 },
      { v6Prefix: 129 },
      { header: "x-real-ip" as "forwarded" },
    ]) {
      expect(() => clientAddress(request, options)).toThrow(
        expect.objectContaining({ code: "UPSHIFT_INVALID_ARGUMENT" }),
      );
    }
  });
});

describe("networks", () => {
  test.each([
    ["2001:db8:1:2:3:4:5:6", 64, "2001:db8:1:2::/64"],
    ["2001:db8:1:2ff:3:4:5:6", 56, "2001:db8:1:200::/56"],
    ["2001:db8:1:2::", 128, "2001:db8:1:2::/128"],
    ["ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 1, "8000::/1"],
    ["ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 48, "ffff:ffff:ffff::/48"],
    ["192.0.2.7", 64, "192.0.2.7"],
    ["::ffff:192.0.2.7", 64, "192.0.2.7"],
  ])("of %s by %i bits is %s", (address, v6Prefix, network) => {
    const request = { headers: {}, socket: { remoteAddress: address } };
    expect(clientAddress(request, { v6Prefix })?.network).toBe(network);
  });

  test("an address reads back from its canonical form, as the URL standard writes it", () => {
    fc.assert(
      fc.property(fc.ipV6(), (text) => {
        const address = parseIp(text);
        // The reference is Node's own URL parser, which writes IPv4 inside of IPv6 as two groups.
        const { hostname } = new URL(`http://[${text}]/`);
        const isMapped = hostname.startsWith("[::ffff:");
        expect(address?.version).toBe(isMapped ? 4 : 6);
        expect(address && parseIp(formatIp(address))).toEqual(address);
        expect(isMapped || `[${address && formatIp(address)}]` === hostname).toBe(true);
        expect(address && networkOf(address, 128).replace("/128", "")).toBe(
          address && formatIp(address),
        );
      }),
      { seed: 10, numRuns: 1_000 },
    );
  });
});

import { InvalidArgumentError } from "@upshift/foundation";
import { addressOfNode, lastForwarded, lastForwardedFor } from "./forwarded.ts";
import { assertV6Prefix, formatIp, type IpAddress, networkOf, parseIp } from "./ip-address.ts";

export interface ClientAddressOptions {
  /**
   * Proxies of your own before the program, each of which adds the address that it sees to the header. 0 where clients connect directly: then no header is believed. Default is 0.
   */
  readonly trustedHops?: number | undefined;
  /** The header that your proxies write. Never more than one: a client could write the other. Default is `'x-forwarded-for'`. */
  readonly header?: "x-forwarded-for" | "forwarded" | undefined;
  /** Bits of an IPv6 address that name its network, 1 to 128. Default is 64, what one client has to itself. */
  readonly v6Prefix?: number | undefined;
}

/** What is needed of a request: of `node:http`, Express or Fastify. */
export interface AddressSource {
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly socket: { readonly remoteAddress?: string | undefined };
}

export interface ClientAddress {
  /** In its canonical form; IPv4 where it was IPv4 inside of IPv6. */
  readonly address: string;
  /** What to count by: the IPv4 address, or the network `2001:db8:0:1::/64` of an IPv6 one, in which a client has all addresses to itself. */
  readonly network: string;
}

/**
 * The address of the client, by the number of proxies that are trusted.
 *
 * Only what the nearest of them wrote is looked at, counted from the end of the header: what a client writes there comes before it. Where the header is shorter than it should be, somebody came round the proxies,
 * and where an entry is no address, a proxy knew none: then the nearest address that is known counts, at last that of the connection.
 *
 * @returns `undefined` when the connection is gone, or is no TCP connection
 * @throws {InvalidArgumentError} when an option cannot work
 */
export function clientAddress(
  request: AddressSource,
  { trustedHops = 0, header = "x-forwarded-for", v6Prefix = 64 }: ClientAddressOptions = {},
): ClientAddress | undefined {
  assertV6Prefix(v6Prefix);
  if (!Number.isInteger(trustedHops) || trustedHops < 0 || trustedHops > 32) {
    throw new InvalidArgumentError("`trustedHops` as a whole number from 0 to 32", trustedHops);
  }
  if (header !== "x-forwarded-for" && header !== "forwarded") {
    throw new InvalidArgumentError("`header` as 'x-forwarded-for' or 'forwarded'", header);
  }
  const { remoteAddress } = request.socket;
  const direct = remoteAddress === undefined ? undefined : parseIp(remoteAddress);
  const client =
    trustedHops === 0
      ? direct
      : (forwarded(request.headers[header], header, trustedHops) ?? direct);
  if (client === undefined) return undefined;
  return { address: formatIp(client), network: networkOf(client, v6Prefix) };
}

function forwarded(
  field: string | readonly string[] | undefined,
  header: "x-forwarded-for" | "forwarded",
  trustedHops: number,
): IpAddress | undefined {
  // Several fields of a name are one list. Source: RFC 9110 section 5.3.
  const text = typeof field === "string" ? field : field?.join(",");
  if (text === undefined || text.trim() === "") return undefined;
  const nodes = header === "forwarded" ? lastForwarded(text) : lastForwardedFor(text, trustedHops);
  if (nodes === undefined || nodes.length < trustedHops) return undefined;
  // From the outermost of the trusted entries inwards.
  for (const node of nodes.slice(0, trustedHops).toReversed()) {
    const address = node === undefined ? undefined : parseIp(addressOfNode(node));
    if (address !== undefined) return address;
  }
  return undefined;
}

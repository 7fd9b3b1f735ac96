import { isIP } from "node:net";
import { InvalidArgumentError } from "@upshift/foundation";

/** An address as its bits. */
export interface IpAddress {
  readonly version: 4 | 6;
  /** 4 numbers of 8 bits, or 8 numbers of 16. */
  readonly parts: readonly number[];
}

/** The longest text of an address with a zone, and some more. */
const LONGEST = 64;

/**
 * Reads an IPv4 or IPv6 address. IPv4 inside of IPv6, `::ffff:192.0.2.1` in any way of writing it, is the IPv4 address: the same client comes as both where a socket listens on
 * both. A zone, `%eth0`, is dropped.
 */
export function parseIp(text: string): IpAddress | undefined {
  if (text.length > LONGEST) return undefined;
  const zone = text.indexOf("%");
  const bare = zone < 0 ? text : text.slice(0, zone);
  const version = isIP(bare);
  if (version === 4) return { version: 4, parts: bare.split(".").map(Number) };
  if (version !== 6) return undefined;
  const parts = expand(bare);
  const [high = 0, low = 0] = parts.slice(6);
  const isMapped = parts[5] === 0xffff && parts.slice(0, 5).every((part) => part === 0);
  return isMapped
    ? { version: 4, parts: [high >> 8, high & 0xff, low >> 8, low & 0xff] }
    : { version: 6, parts };
}

/** @param text - an IPv6 address that is valid */
function expand(text: string): readonly number[] {
  const [head = "", tail] = text.split("::");
  const first = groups(head);
  const last = tail === undefined ? [] : groups(tail);
  const zeros = Array.from({ length: 8 - first.length - last.length }, () => 0);
  return [...first, ...zeros, ...last];
}

function groups(text: string): readonly number[] {
  if (text === "") return [];
  return text.split(":").flatMap((group) => {
    if (!group.includes(".")) return [Number.parseInt(group, 16)];
    const [a = 0, b = 0, c = 0, d = 0] = group.split(".").map(Number);
    return [a * 256 + b, c * 256 + d];
  });
}

/** The address in its one canonical form. Source: RFC 5952 section 4. */
export function formatIp({ version, parts }: IpAddress): string {
  if (version === 4) return parts.join(".");
  const { start, length } = longestZeros(parts);
  const hex = parts.map((part) => part.toString(16));
  if (length < 2) return hex.join(":");
  return `${hex.slice(0, start).join(":")}::${hex.slice(start + length).join(":")}`;
}

function longestZeros(parts: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  let length = 0;
  for (const [index, part] of parts.entries()) {
    length = part === 0 ? length + 1 : 0;
    if (length > best.length) best = { start: index - length + 1, length };
  }
  return best;
}

/**
 * The network of an IPv6 address, `2001:db8:0:1::/64`; an IPv4 address is its own.
 *
 * @param v6Prefix - bits that stay, 1 to 128
 */
export function networkOf(address: IpAddress, v6Prefix: number): string {
  if (address.version === 4) return formatIp(address);
  const parts = address.parts.map((part, index) => {
    const bits = Math.min(16, Math.max(0, v6Prefix - index * 16));
    return part & (0xffff << (16 - bits)) & 0xffff;
  });
  return `${formatIp({ version: 6, parts })}/${v6Prefix}`;
}

/** @throws {InvalidArgumentError} */
export function assertV6Prefix(v6Prefix: number): void {
  if (!Number.isInteger(v6Prefix) || v6Prefix < 1 || v6Prefix > 128) {
    throw new InvalidArgumentError("`v6Prefix` from 1 to 128", v6Prefix);
  }
}

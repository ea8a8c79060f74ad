/** A CIDR to hand addresses out of. */
import { err, ok, type Result } from "@isthmus/std";
import { BITS, formatIp, formatIpv4, type IpAddress, parseIp } from "./ip-address.ts";

export interface AddressRange {
  /** Canonical, without host bits. */
  readonly text: string;
  readonly family: 4 | 6;
  /** Numbers for IPv4. */
  readonly first: number | bigint;
  readonly last: number | bigint;
  /** Power of two. Of a larger IPv6 range only the first 2^32 addresses are handed out. */
  readonly capacity: number;
}

const OFFSET_BITS_MAX = 32;

/** What no connection can be made to; a range must hold none of them. */
const UNUSABLE: readonly (readonly [cidr: string, what: string])[] = [
  ["0.0.0.0/8", "addresses of no host"],
  ["224.0.0.0/4", "multicast addresses"],
  ["::/127", "addresses of this host"],
  ["fe80::/10", "link-local addresses"],
  ["ff00::/8", "multicast addresses"],
];

/** Host bits are ignored, as in Go. The error says what is wrong with the text. */
export function parseRange(text: string): Result<AddressRange, string> {
  const range = parseCidr(text);
  if (range === undefined) return err(`${JSON.stringify(text)} is no CIDR such as 241.0.0.0/8 or fd00:241::/64`);
  for (const [unusable, what] of UNUSABLE) {
    const block = parseCidr(unusable);
    if (block !== undefined && overlaps(range, block)) return err(`${range.text} holds ${what} (${unusable})`);
  }
  return ok(range);
}

export function isInRange(range: AddressRange, { family, value }: IpAddress): boolean {
  return family === range.family && value >= range.first && value <= range.last;
}

export function overlaps(a: AddressRange, b: AddressRange): boolean {
  return a.family === b.family && a.first <= b.last && b.first <= a.last;
}

/** Text of the address at an offset below the capacity. */
export function addressAt(range: AddressRange, offset: number): string {
  if (range.family === 4) return formatIpv4(Number(range.first) + offset);
  return formatIp({ family: 6, value: BigInt(range.first) + BigInt(offset) });
}

/** Undefined for what is no CIDR. Host bits are ignored. */
export function parseCidr(text: string): AddressRange | undefined {
  const [ip = "", length = "", ...rest] = text.split("/");
  // An IPv4 address in the form of IPv6 would have a length that counts other bits.
  const isMapped = ip.includes(":") && parseIp(ip)?.family === 4;
  const address = isMapped ? undefined : parseIp(ip);
  if (address === undefined || rest.length > 0 || !/^(0|[1-9]\d{0,2})$/.test(length)) return undefined;
  const { family, value } = address;
  const hostBits = BITS[family] - Number(length);
  if (hostBits < 0) return undefined;
  const size = 1n << BigInt(hostBits);
  const first = BigInt(value) & ~(size - 1n);
  const last = first + size - 1n;
  const isIpv4 = family === 4;
  return {
    text: `${formatIp({ family, value: first })}/${length}`,
    family,
    first: isIpv4 ? Number(first) : first,
    last: isIpv4 ? Number(last) : last,
    capacity: 2 ** Math.min(hostBits, OFFSET_BITS_MAX),
  };
}

/** IP addresses as numbers and back. One address has one text, so that texts can be compared. */
import { isIPv4, isIPv6 } from "node:net";

export interface IpAddress {
  readonly family: 4 | 6;
  /** A number for IPv4, which there are many of. */
  readonly value: number | bigint;
}

export const BITS: Readonly<Record<4 | 6, number>> = { 4: 32, 6: 128 };

const GROUPS = 8;
const GROUP_HEX_DIGITS = 4;
const DOT = 0x2e;
const ZERO = 0x30;
/** `::ffff:0:0/96`: IPv4 addresses in the form of IPv6. They are taken for what they are, as in Go. */
const MAPPED_PREFIX = 0xffffn;
const IPV4_BITS = 32n;

/** undefined for anything else, such as host names or addresses with a scope. */
export function parseIp(text: string): IpAddress | undefined {
  if (isIPv4(text)) return { family: 4, value: ipv4Number(text) };
  if (!isIPv6(text) || text.includes("%")) return undefined;
  const value = ipv6Value(text);
  if (value >> IPV4_BITS === MAPPED_PREFIX) return { family: 4, value: Number(value & ((1n << IPV4_BITS) - 1n)) };
  return { family: 6, value };
}

/** The shortest text, as RFC 5952 has it. */
export function formatIp({ family, value }: IpAddress): string {
  return family === 4 ? formatIpv4(Number(value)) : formatIpv6(BigInt(value));
}

export function formatIpv4(value: number): string {
  return `${value >>> 24}.${(value >>> 16) & 0xff}.${(value >>> 8) & 0xff}.${value & 0xff}`;
}

/** An IPv4 address as `::ffff:<hex>:<hex>`; IPv6 stays as it is. Source: kuma v2.14.3: pkg/util/net/ips.go. */
export function mappedToIpv6(text: string): string {
  const address = parseIp(text);
  if (address === undefined || address.family === 6) return text;
  const value = Number(address.value);
  return `::ffff:${(value >>> 16).toString(16)}:${(value & 0xffff).toString(16)}`;
}

/** Without an array of parts: this is the hot path of a plan. */
function ipv4Number(text: string): number {
  let value = 0;
  let byte = 0;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code === DOT) {
      value = value * 256 + byte;
      byte = 0;
    } else byte = byte * 10 + code - ZERO;
  }
  return value * 256 + byte;
}

function ipv6Value(text: string): bigint {
  const [head = "", tail] = text.split("::");
  const first = hexGroups(head);
  const last = tail === undefined ? "" : hexGroups(tail);
  return BigInt(`0x${first}${"0".repeat(GROUPS * GROUP_HEX_DIGITS - first.length - last.length)}${last}`);
}

/** Four digits for each group. The last one may be an IPv4 address, which is two groups. */
function hexGroups(text: string): string {
  if (text === "") return "";
  let hex = "";
  for (const part of text.split(":")) {
    hex += part.includes(".")
      ? ipv4Number(part)
          .toString(16)
          .padStart(2 * GROUP_HEX_DIGITS, "0")
      : part.padStart(GROUP_HEX_DIGITS, "0");
  }
  return hex;
}

function formatIpv6(value: bigint): string {
  const hex = value.toString(16).padStart(GROUPS * GROUP_HEX_DIGITS, "0");
  const groups: string[] = [];
  for (let at = 0; at < hex.length; at += GROUP_HEX_DIGITS) {
    groups.push(Number.parseInt(hex.slice(at, at + GROUP_HEX_DIGITS), 16).toString(16));
  }
  const { start, length } = longestZeros(groups);
  if (length < 2) return groups.join(":");
  return `${groups.slice(0, start).join(":")}::${groups.slice(start + length).join(":")}`;
}

/** The first of the longest runs. */
function longestZeros(groups: readonly string[]): { readonly start: number; readonly length: number } {
  let best = { start: 0, length: 0 };
  let start = 0;
  for (const [index, group] of groups.entries()) {
    if (group !== "0") start = index + 1;
    else if (index + 1 - start > best.length) best = { start, length: index + 1 - start };
  }
  return best;
}

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addressAt, isInRange, overlaps, parseRange } from "./address-range.ts";
import { formatIp, mappedToIpv6, parseIp } from "./ip-address.ts";

const canonical = (text: string): string | undefined => {
  const address = parseIp(text);
  return address === undefined ? undefined : formatIp(address);
};

describe("addresses", () => {
  it.each([
    ["241.0.0.0", "241.0.0.0"],
    ["255.255.255.255", "255.255.255.255"],
    ["fd00::1", "fd00::1"],
    ["FD00:0:0:0:0:0:0:1", "fd00::1"],
    ["::", "::"],
    ["::1", "::1"],
    ["1::", "1::"],
    ["1:0:0:2:0:0:0:3", "1:0:0:2::3"],
    ["1:0:2:3:4:5:6:7", "1:0:2:3:4:5:6:7"],
    ["1:0:0:2:3:0:0:4", "1::2:3:0:0:4"],
    ["::ffff:241.0.0.1", "241.0.0.1"],
    ["::ffff:f100:1", "241.0.0.1"],
    ["64:ff9b::1.2.3.4", "64:ff9b::102:304"],
    ["fe80::1%eth0", undefined],
    ["241.0.0", undefined],
    ["241.0.0.01", undefined],
    ["backend.mesh", undefined],
    ["", undefined],
  ])("%s is %s", (text, expected) => expect(canonical(text)).toBe(expected));

  it("survive the trip to text and back", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }), (value) => {
        fc.pre(value >> 32n !== 0xffffn);
        expect(parseIp(formatIp({ family: 6, value }))).toEqual({ family: 6, value });
      }),
    );
    fc.assert(
      fc.property(fc.ipV4(), (text) => {
        expect(canonical(text)).toBe(text);
      }),
    );
    fc.assert(
      fc.property(fc.ipV6(), (text) => {
        expect(canonical(canonical(text) ?? "")).toBe(canonical(text));
      }),
    );
  });

  it.each([
    ["241.0.0.1", "::ffff:f100:1"],
    ["243.16.10.255", "::ffff:f310:aff"],
    ["0.0.0.0", "::ffff:0:0"],
    ["fd00::1", "fd00::1"],
  ])("%s as IPv6 is %s", (text, expected) => expect(mappedToIpv6(text)).toBe(expected));
});

describe("ranges", () => {
  it.each([
    ["241.0.0.0/8", "241.0.0.0/8", 2 ** 24],
    ["241.1.2.3/8", "241.0.0.0/8", 2 ** 24],
    ["10.5.0.0/30", "10.5.0.0/30", 4],
    ["10.5.0.7/32", "10.5.0.7/32", 1],
    ["127.1.0.0/16", "127.1.0.0/16", 2 ** 16],
    ["fd00:241::/112", "fd00:241::/112", 2 ** 16],
    ["fd00:241::1/64", "fd00:241::/64", 2 ** 32],
    ["240.0.0.0/4", "240.0.0.0/4", 2 ** 28],
  ])("%s is %s with %i addresses", (text, canonicalText, capacity) => {
    const range = parseRange(text);
    expect(range.ok && [range.value.text, range.value.capacity]).toEqual([canonicalText, capacity]);
  });

  it.each([
    ["", "is no CIDR"],
    ["241.0.0.0", "is no CIDR"],
    ["241.0.0.0/", "is no CIDR"],
    ["241.0.0.0/33", "is no CIDR"],
    ["241.0.0.0/08", "is no CIDR"],
    ["241.0.0.0/-1", "is no CIDR"],
    ["241.0.0.0/8/8", "is no CIDR"],
    ["fd00::/129", "is no CIDR"],
    ["::ffff:241.0.0.0/104", "is no CIDR"],
    ["mesh/8", "is no CIDR"],
    ["0.0.0.0/0", "holds addresses of no host"],
    ["224.0.0.0/3", "holds multicast addresses"],
    ["ff02::/16", "holds multicast addresses"],
    ["::/0", "holds addresses of this host"],
    ["fe80::/64", "holds link-local addresses"],
  ])("%s: %s", (text, reason) => {
    const range = parseRange(text);
    expect(range.ok ? "" : range.error).toContain(reason);
  });

  it("hold the addresses that they hand out", () => {
    const cidr = fc.oneof(
      fc.tuple(fc.constantFrom("241.7.8.9", "10.0.3.1", "127.1.2.3"), fc.integer({ min: 8, max: 32 })),
      fc.tuple(fc.constantFrom("fd00:241::abcd", "2001:db8::1"), fc.integer({ min: 8, max: 128 })),
    );
    fc.assert(
      fc.property(cidr, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), ([ip, bits], at) => {
        const range = parseRange(`${ip}/${bits}`);
        if (!range.ok) throw new Error(range.error);
        const address = addressAt(range.value, Math.floor(at * range.value.capacity));
        const parsed = parseIp(address);
        expect(parsed !== undefined && isInRange(range.value, parsed)).toBe(true);
        expect(canonical(address)).toBe(address);
      }),
    );
  });

  it.each([
    ["241.0.0.0/8", "242.0.0.0/8", false],
    ["241.0.0.0/8", "241.0.0.0/8", true],
    ["241.0.0.0/8", "241.255.0.0/16", true],
    ["240.0.0.0/4", "243.0.0.0/8", true],
    ["fd00::/64", "fd00::1:0/112", true],
    ["fd00::/64", "fd00:0:0:1::/64", false],
    ["241.0.0.0/8", "fd00::/8", false],
  ])("%s and %s overlap: %s", (a, b, expected) => {
    const [first, second] = [parseRange(a), parseRange(b)];
    expect(first.ok && second.ok && [overlaps(first.value, second.value), overlaps(second.value, first.value)]).toEqual(
      [expected, expected],
    );
  });
});

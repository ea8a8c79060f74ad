/** IP addresses and host names as Kuma's validators see them: Go's `net.ParseIP` and govalidator's DNS names. */
import { isIP } from "node:net";
import ipaddr from "ipaddr.js";

/** Repetition bounds of the original are checked by hand below: V8 would backtrack over nested ones. */
const DNS_NAME_LABEL = /^[a-zA-Z0-9_][a-zA-Z0-9_-]{0,62}$/;
const DNS_NAME_MAX_BYTES = 255;

/** Without zone ids (`fe80::1%eth0`), which Go refuses here. */
export function isIpAddress(text: string): boolean {
  return isIP(text) !== 0 && !text.includes("%");
}

/** `<address>/<length of the prefix>`; zeros may lead the length. Source: Go 1.26: net/ip.go `ParseCIDR`. */
export function isCidr(text: string): boolean {
  const slash = text.indexOf("/");
  const address = text.slice(0, Math.max(slash, 0));
  const length = text.slice(slash + 1);
  return isIpAddress(address) && /^\d+$/.test(length) && Number(length) <= (isIP(address) === 4 ? 32 : 128);
}

/** As above, but numbers may start with zeros. */
export function isSloppyIpAddress(text: string): boolean {
  return isIpAddress(text.replaceAll(/(?<=^|[.:])0+(?=[\da-fA-F])/g, ""));
}

/** Labels may start with `_` or end with `-`, and one `.` or `_` may follow the last one; no IP address is a name. */
export function isDnsName(text: string): boolean {
  if (text === "" || Buffer.byteLength(text.replaceAll(".", "")) > DNS_NAME_MAX_BYTES || isIpAddress(text))
    return false;
  const labelsOf = (name: string): boolean => name.split(".").every((label) => DNS_NAME_LABEL.test(label));
  return labelsOf(text) || (/[._]$/.test(text) && labelsOf(text.slice(0, -1)));
}

/** Whether both are the same address or one of them is a wildcard (`0.0.0.0`, `::`); what is no IP overlaps nothing. */
export function addressesOverlap(a: string, b: string): boolean {
  const first = normalized(a);
  const second = normalized(b);
  if (first === undefined || second === undefined) return first === "any" || second === "any";
  return first === "any" || second === "any" || first === second;
}

function normalized(text: string): string | undefined {
  if (!isIpAddress(text)) return undefined;
  const address = ipaddr.process(text);
  const name = address.toNormalizedString();
  return name === "0.0.0.0" || name === "0:0:0:0:0:0:0:0" ? "any" : name;
}

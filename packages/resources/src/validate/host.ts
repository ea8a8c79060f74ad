/** IP addresses and host names as Kuma's validators see them: Go's `net.ParseIP` and govalidator's DNS names. */
import { isIP } from "node:net";
import ipaddr from "ipaddr.js";

/** RFC 1123 subdomain, the charset of resource names and generated host names. */
const LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
export const DNS_1123_SUBDOMAIN = new RegExp(`^${LABEL}(\\.${LABEL})*$`);
/** Repetition bounds of the original are checked by hand below: V8 would backtrack over nested ones. */
const DNS_NAME_LABEL = /^[a-zA-Z0-9_][a-zA-Z0-9_-]{0,62}$/;
const DNS_NAME_MAX_BYTES = 255;
const DNS_1123_SUBDOMAIN_MAX_BYTES = 253;

/** Without zone ids (`fe80::1%eth0`), which Go refuses here. */
export function isIpAddress(text: string): boolean {
  return isIP(text) !== 0 && !text.includes("%");
}

/** Labels may start with `_` or end with `-`, and one `.` or `_` may follow the last one; no IP address is a name. */
export function isDnsName(text: string): boolean {
  if (text === "" || Buffer.byteLength(text.replaceAll(".", "")) > DNS_NAME_MAX_BYTES || isIpAddress(text))
    return false;
  const labelsOf = (name: string): boolean => name.split(".").every((label) => DNS_NAME_LABEL.test(label));
  return labelsOf(text) || (/[._]$/.test(text) && labelsOf(text.slice(0, -1)));
}

/** Violations in the words of Kubernetes' `IsDNS1123Subdomain`; empty when the name is good. */
export function dns1123SubdomainErrors(text: string): readonly string[] {
  const errors: string[] = [];
  if (Buffer.byteLength(text) > DNS_1123_SUBDOMAIN_MAX_BYTES) {
    errors.push(`must be no more than ${DNS_1123_SUBDOMAIN_MAX_BYTES} characters`);
  }
  if (!DNS_1123_SUBDOMAIN.test(text)) {
    errors.push(
      "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and " +
        "end with an alphanumeric character (e.g. 'example.com', regex used for validation is " +
        `'${LABEL}(\\.${LABEL})*')`,
    );
  }
  return errors;
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

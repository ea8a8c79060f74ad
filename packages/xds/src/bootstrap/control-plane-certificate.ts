/** What a data plane proxy has to know of the certificate that it will verify the control plane with, before it starts. */
import { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { goQuote } from "@isthmus/resources";

/** Whether a client that connects by this name or address accepts the certificate. */
export function isValidForHost(certificatePem: string, host: string): boolean {
  const certificate = new X509Certificate(certificatePem);
  const address = host.startsWith("[") && host.endsWith("]") ? host.slice(1, -1) : host;
  if (isIP(address) !== 0) return certificate.checkIP(address) !== undefined;
  return certificate.checkHost(host, { subject: "never" }) !== undefined;
}

/** Kuma's words, which operators look for. Source: kuma v2.14.3: pkg/xds/bootstrap/generator.go (SANMismatchErr). */
export function wrongHostText(certificatePem: string, host: string): string {
  const { addresses, names } = subjectNames(certificatePem);
  const sans = `[${[...addresses, ...names].map(goQuote).join(" ")}]`;
  return [
    `A data plane proxy is trying to connect to the control plane using ${goQuote(host)} address, but the certificate in the control plane has the following SANs ${sans}. Either change the --cp-address in kuma-dp to one of those or execute the following steps:`,
    `1) Generate a new certificate with the address you are trying to use. It is recommended to use trusted Certificate Authority, but you can also generate self-signed certificates using 'kumactl generate tls-certificate --type=server --hostname=${host}'`,
    "2) Set KUMA_GENERAL_TLS_CERT_FILE and KUMA_GENERAL_TLS_KEY_FILE or the equivalent in Kuma CP config file to the new certificate.",
    "3) Restart the control plane to read the new certificate and start kuma-dp.",
  ].join("\n");
}

export const NOT_A_CA_TEXT = [
  "A data plane proxy is trying to verify the control plane using the certificate which is not a certificate authority (basic constraint 'CA' is set to 'false').",
  "Provide CA that was used to sign a certificate used in the control plane by using 'kuma-dp run --ca-cert-file=file' or via KUMA_CONTROL_PLANE_CA_CERT_FILE",
].join("\n");

export type CaVerdict = "usable" | "not a CA" | "unreadable";

/**
 * Looks at the first certificate of a bundle. One without basic constraints may be a CA as well; one that has them has to
 * say so. Source: kuma v2.14.3: pkg/xds/bootstrap/generator.go (caCert).
 */
export function judgeCa(pem: string): CaVerdict {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(pem);
  } catch {
    return "unreadable";
  }
  return certificate.ca || !hasBasicConstraints(certificate) ? "usable" : "not a CA";
}

/** Object identifier 2.5.29.19 in DER, which Node does not tell of. */
const BASIC_CONSTRAINTS = Buffer.from([0x06, 0x03, 0x55, 0x1d, 0x13]);

function hasBasicConstraints(certificate: X509Certificate): boolean {
  return certificate.raw.includes(BASIC_CONSTRAINTS);
}

function subjectNames(certificatePem: string): {
  readonly addresses: readonly string[];
  readonly names: readonly string[];
} {
  const entries = (new X509Certificate(certificatePem).subjectAltName ?? "").split(", ");
  const after = (prefix: string): string[] =>
    entries.filter((entry) => entry.startsWith(prefix)).map((entry) => entry.slice(prefix.length));
  return { addresses: after("IP Address:").map(shortAddress), names: after("DNS:") };
}

/** Node prints all eight groups of an IPv6 address; everybody else the short form. */
function shortAddress(address: string): string {
  return isIP(address) === 6 ? new URL(`http://[${address}]`).hostname.slice(1, -1) : address;
}

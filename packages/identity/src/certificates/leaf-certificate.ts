/**
 * The certificate of somebody who issues none, as bytes. A mesh has thousands of them, all of one form: to write it directly costs a
 * fraction of what a library for all of X.509 needs, which made a thousand proxies that come at once wait for their certificates.
 */
import { createHash, randomBytes } from "node:crypto";
import { isIP, isIPv6 } from "node:net";
import { contextTag, der, elementsOf, oid, TAG, time } from "./der.ts";

export interface CertificateNames {
  /** `spiffe://...` first, then others. */
  readonly uris?: readonly string[];
  /** IP addresses and DNS names. */
  readonly hosts?: readonly string[];
  /** What the certificate is good for. Default: both ends of a connection. */
  readonly purpose?: "server" | "client";
}

export interface LeafCertificate extends CertificateNames {
  readonly issuer: IssuerNames;
  /** 127 bits, positive. */
  readonly serialNumber: Uint8Array;
  readonly algorithm: SignatureAlgorithm;
  /** Wall clock, ms. */
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** SubjectPublicKeyInfo. */
  readonly publicKey: Uint8Array;
}

/** Of a CA: what its certificates say of it. */
export interface IssuerNames {
  readonly subject: Uint8Array;
  readonly keyIdentifier: Uint8Array;
}

export type SignatureAlgorithm = "rsa" | "ec";

/** With SHA-256. */
const SIGNATURES: Readonly<Record<SignatureAlgorithm, Buffer>> = {
  rsa: der(TAG.sequence, oid("1.2.840.113549.1.1.11"), Buffer.from([0x05, 0])),
  ec: der(TAG.sequence, oid("1.2.840.10045.4.3.2")),
};
const VERSION_3 = der(contextTag(0, true), der(TAG.integer, Buffer.from([2])));
const NO_SUBJECT = der(TAG.sequence);
const SERVER_AUTH = oid("1.3.6.1.5.5.7.3.1");
const CLIENT_AUTH = oid("1.3.6.1.5.5.7.3.2");
/** digitalSignature, keyEncipherment, keyAgreement. */
const KEY_USAGE = extension("2.5.29.15", true, der(TAG.bitString, Buffer.from([3, 0b1010_1000])));
const NO_CA = extension("2.5.29.19", true, der(TAG.sequence));

/** What is signed. */
export function leafToBeSigned(leaf: LeafCertificate): Buffer {
  const { issuer, serialNumber, algorithm, notBeforeMs, notAfterMs, publicKey, uris = [], hosts = [], purpose } = leaf;
  const purposes = [...(purpose === "client" ? [] : [SERVER_AUTH]), ...(purpose === "server" ? [] : [CLIENT_AUTH])];
  const names = [...uris.map((uri) => der(contextTag(6), Buffer.from(uri))), ...hosts.map(hostName)];
  const extensions = [
    KEY_USAGE,
    extension("2.5.29.37", false, der(TAG.sequence, ...purposes)),
    NO_CA,
    extension("2.5.29.35", false, der(TAG.sequence, der(contextTag(0), issuer.keyIdentifier))),
    // Without a subject the names have to be looked at: critical, as RFC 5280 wants it.
    extension("2.5.29.17", true, der(TAG.sequence, ...names)),
  ];
  return der(
    TAG.sequence,
    VERSION_3,
    der(TAG.integer, serialNumber),
    SIGNATURES[algorithm],
    issuer.subject,
    der(TAG.sequence, time(notBeforeMs), time(notAfterMs)),
    NO_SUBJECT,
    publicKey,
    der(contextTag(3, true), der(TAG.sequence, ...extensions)),
  );
}

/** PEM. `signature` as OpenSSL makes it. */
export function signedCertificate(
  toBeSigned: Uint8Array,
  algorithm: SignatureAlgorithm,
  signature: Uint8Array,
): string {
  const bits = der(TAG.bitString, Buffer.from([0]), signature);
  const base64 = der(TAG.sequence, toBeSigned, SIGNATURES[algorithm], bits).toString("base64");
  return `-----BEGIN CERTIFICATE-----\n${base64.replace(/.{64}(?=.)/g, "$&\n")}\n-----END CERTIFICATE-----\n`;
}

/** `certificate`, `publicKey`: DER of the CA's certificate and of its SubjectPublicKeyInfo. */
export function issuerNames(certificate: Uint8Array, publicKey: Uint8Array): IssuerNames {
  const [whole] = elementsOf(certificate);
  const [toBeSigned] = elementsOf(whole?.content ?? certificate);
  const fields = elementsOf(toBeSigned?.content ?? certificate);
  // Version (not in those of version 1), serial number, algorithm, issuer, validity, subject.
  const subject = fields[fields[0]?.tag === contextTag(0, true) ? 5 : 4];
  const [info] = elementsOf(publicKey);
  const bits = elementsOf(info?.content ?? publicKey)[1]?.content.subarray(1) ?? publicKey;
  return { subject: subject?.whole ?? NO_SUBJECT, keyIdentifier: createHash("sha1").update(bits).digest() };
}

/** 127 random bits: the first bit is clear, DER would read it as a sign; and the first byte is not zero, which DER would leave out. */
export function serialNumber(): Buffer {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x01;
  return bytes;
}

function extension(id: string, isCritical: boolean, value: Uint8Array): Buffer {
  const critical = isCritical ? [der(TAG.boolean, Buffer.from([0xff]))] : [];
  return der(TAG.sequence, oid(id), ...critical, der(TAG.octetString, value));
}

function hostName(host: string): Buffer {
  return isIP(host) === 0 ? der(contextTag(2), Buffer.from(host)) : der(contextTag(7), addressBytes(host));
}

function addressBytes(address: string): Buffer {
  if (!isIPv6(address)) return Buffer.from(address.split(".").map(Number));
  // The part behind `::` is filled up from the end; an IPv4 address may stand in the last 32 bits.
  const [left = "", right] = address.replace(/%.*$/, "").split("::");
  const bytes = Buffer.alloc(16);
  const before = groupBytes(left);
  const after = groupBytes(right ?? "");
  bytes.set(before, 0);
  bytes.set(after, 16 - after.length);
  return bytes;
}

function groupBytes(groups: string): readonly number[] {
  if (groups === "") return [];
  return groups.split(":").flatMap((group) => {
    if (group.includes(".")) return group.split(".").map(Number);
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
}

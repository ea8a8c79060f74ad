import { createPrivateKey, createPublicKey, X509Certificate } from "node:crypto";
import { systemClock } from "@isthmus/std";
import { describe, expect, it } from "vitest";
import { CA_VALIDITY_MS, nodeKeyMaker } from "./key-maker.ts";

const keys = nodeKeyMaker(systemClock);

describe("a signing key", () => {
  it("is RSA 2048 in PKCS#1", async () => {
    const pem = await keys.signingKey();
    expect(pem).toMatch(/^-----BEGIN RSA PRIVATE KEY-----\n/);
    expect(createPrivateKey(pem).asymmetricKeyDetails?.modulusLength).toBe(2048);
  });
});

it("makes no token of the administrator without a key", async () => {
  expect(await keys.adminToken({ kid: "1", pem: Buffer.from("hunter2") })).toBeUndefined();
});

describe("a CA", () => {
  it.each([
    ["rsa", { kind: "rsa", bits: 2048 }, "-----BEGIN RSA PRIVATE KEY-----"],
    ["ec", { kind: "ec" }, "-----BEGIN EC PRIVATE KEY-----"],
  ] as const)("of %s signs itself, may sign others and names its trust domain", async (_, key, header) => {
    const pair = await keys.ca({ commonName: "default", trustDomain: "default", validityMs: CA_VALIDITY_MS, key });
    const certificate = new X509Certificate(pair.cert);
    expect(pair.key.startsWith(header)).toBe(true);
    expect(certificate.ca).toBe(true);
    expect(certificate.checkPrivateKey(createPrivateKey(pair.key))).toBe(true);
    expect(certificate.verify(createPublicKey(pair.key))).toBe(true);
    expect(certificate.subject).toBe("O=Kuma\nOU=Mesh\nCN=default");
    expect(certificate.subjectAltName).toBe("URI:spiffe://default");
    expect(Date.parse(certificate.validFrom)).toBeLessThan(Date.now());
    expect(Date.parse(certificate.validTo)).toBeGreaterThan(Date.now() + CA_VALIDITY_MS - 60_000);
    expect(pair.cert.endsWith("-----END CERTIFICATE-----\n")).toBe(true);
  });
});

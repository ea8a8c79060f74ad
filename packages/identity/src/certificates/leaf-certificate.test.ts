import "reflect-metadata";
import { createPrivateKey, generateKeyPairSync, sign, webcrypto, X509Certificate } from "node:crypto";
import * as x509 from "@peculiar/x509";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { makeTestCa } from "../testing/test-ca.ts";
import { elementsOf, TAG } from "./der.ts";
import {
  type CertificateNames,
  issuerNames,
  leafToBeSigned,
  serialNumber,
  signedCertificate,
} from "./leaf-certificate.ts";

const NOW_MS = Date.parse("2026-06-01T00:00:00Z");
const { publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const SPKI = publicKey.export({ format: "der", type: "spki" });
const ALGORITHMS = {
  rsa: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" },
  ec: { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" },
} as const;

/** What a library for X.509 makes of the same, without the signature. */
async function reference(
  kind: "rsa" | "ec",
  ca: { readonly cert: string; readonly key: string },
  names: CertificateNames,
  serial: Uint8Array,
  notAfterMs: number,
): Promise<Uint8Array> {
  const issuer = new x509.X509Certificate(ca.cert);
  const { uris = [], hosts = [], purpose } = names;
  const pkcs8 = createPrivateKey(ca.key).export({ format: "der", type: "pkcs8" });
  const certificate = await x509.X509CertificateGenerator.create(
    {
      serialNumber: Buffer.from(serial).toString("hex"),
      issuer: issuer.subject,
      notBefore: new Date(NOW_MS),
      notAfter: new Date(notAfterMs),
      signingKey: await webcrypto.subtle.importKey("pkcs8", pkcs8, ALGORITHMS[kind], false, ["sign"]),
      signingAlgorithm: ALGORITHMS[kind],
      publicKey: await webcrypto.subtle.importKey("spki", SPKI, ALGORITHMS.ec, true, ["verify"]),
      extensions: [
        new x509.KeyUsagesExtension(
          x509.KeyUsageFlags.keyEncipherment | x509.KeyUsageFlags.keyAgreement | x509.KeyUsageFlags.digitalSignature,
          true,
        ),
        new x509.ExtendedKeyUsageExtension([
          ...(purpose === "client" ? [] : [x509.ExtendedKeyUsage.serverAuth]),
          ...(purpose === "server" ? [] : [x509.ExtendedKeyUsage.clientAuth]),
        ]),
        new x509.BasicConstraintsExtension(false, undefined, true),
        await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey, false, webcrypto),
        new x509.SubjectAlternativeNameExtension(
          [
            ...uris.map((value) => ({ type: "url" as const, value })),
            ...hosts.map((value) => ({ type: /^[\d.]+$|:/.test(value) ? ("ip" as const) : ("dns" as const), value })),
          ],
          true,
        ),
      ],
    },
    webcrypto,
  );
  const [whole] = elementsOf(new Uint8Array(certificate.rawData));
  return elementsOf(whole?.content ?? new Uint8Array())[0]?.whole ?? new Uint8Array();
}

describe("the certificate of a proxy", () => {
  it.each(["rsa", "ec"] as const)("of a CA of type %s is what a library for X.509 makes of it", async (kind) => {
    const ca = await makeTestCa(kind, NOW_MS);
    const own = new X509Certificate(ca.cert);
    const issuer = issuerNames(own.raw, own.publicKey.export({ format: "der", type: "spki" }));
    const cases: readonly CertificateNames[] = [
      { uris: ["spiffe://default/backend", "kuma://version/v1"] },
      { uris: Array.from({ length: 40 }, (_, i) => `kuma://tag-${i}/${"x".repeat(i)}`) },
      { hosts: ["10.0.0.1", "fd00::1", "::1", "::", "1:2:3:4:5:6:7:8", "web.local"], purpose: "server" },
      { hosts: ["a"], purpose: "client" },
    ];
    for (const names of cases) {
      for (const notAfterMs of [NOW_MS + 3_600_000, Date.parse("2061-02-03T04:05:06Z")]) {
        const serial = serialNumber();
        const made = leafToBeSigned({
          ...names,
          issuer,
          serialNumber: serial,
          algorithm: kind,
          notBeforeMs: NOW_MS,
          notAfterMs,
          publicKey: SPKI,
        });
        expect(made.toString("hex")).toBe(
          Buffer.from(await reference(kind, ca, names, serial, notAfterMs)).toString("hex"),
        );
        const pem = signedCertificate(made, kind, sign("sha256", made, createPrivateKey(ca.key)));
        const certificate = new X509Certificate(pem);
        expect(certificate.toString()).toBe(pem);
        expect(certificate.verify(own.publicKey)).toBe(true);
      }
    }
  });

  it("reads addresses of every form as Node does", async () => {
    const issuer = { subject: Buffer.from([TAG.sequence, 0]), keyIdentifier: Buffer.alloc(20) };
    const { key } = await makeTestCa("ec", NOW_MS);
    fc.assert(
      fc.property(fc.ipV6(), (host) => {
        const leaf = { issuer, serialNumber: serialNumber(), algorithm: "ec", publicKey: SPKI, hosts: [host] } as const;
        const made = leafToBeSigned({ ...leaf, notBeforeMs: NOW_MS, notAfterMs: NOW_MS });
        const pem = signedCertificate(made, "ec", sign("sha256", made, createPrivateKey(key)));
        expect(new X509Certificate(pem).checkIP(host)).toBe(host);
      }),
      { numRuns: 200 },
    );
  });
});

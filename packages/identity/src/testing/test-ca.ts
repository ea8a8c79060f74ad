/** CAs for tests. */
import "reflect-metadata";
import { createPrivateKey, webcrypto } from "node:crypto";
import { BasicConstraintsExtension, X509CertificateGenerator } from "@peculiar/x509";
import type { CaKeyPair } from "../certificates/ca-key-pair.ts";

const ALGORITHMS = {
  rsa: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256", modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) },
  ec: { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" },
} as const;

export async function makeTestCa(kind: keyof typeof ALGORITHMS, nowMs: number): Promise<CaKeyPair> {
  const algorithm = ALGORITHMS[kind];
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const certificate = await X509CertificateGenerator.createSelfSigned(
    {
      name: "CN=test",
      notBefore: new Date(nowMs - 60_000),
      notAfter: new Date(nowMs + 365 * 24 * 3_600_000),
      signingAlgorithm: algorithm,
      keys,
      extensions: [new BasicConstraintsExtension(true, undefined, true)],
    },
    webcrypto,
  );
  const der = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", keys.privateKey));
  const key = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  return { cert: `${certificate.toString("pem")}\n`, key: key.export({ format: "pem", type: "pkcs8" }).toString() };
}

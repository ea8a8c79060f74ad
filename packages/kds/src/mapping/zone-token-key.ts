/** The public half of a zone token signing key. Source: kuma v2.14.3: pkg/util/rsa. */
import { createPrivateKey, createPublicKey } from "node:crypto";

/**
 * PEM `RSA PRIVATE KEY` (PKCS#1) to PEM `RSA PUBLIC KEY` (PKCS#1).
 * @throws {Error} when the text is no such key; the message holds nothing of it.
 */
export function publicKeyOf(privatePem: string): string {
  if (!privatePem.includes("-----BEGIN RSA PRIVATE KEY-----")) throw new Error("no PEM block RSA PRIVATE KEY");
  try {
    const key = createPublicKey(createPrivateKey({ key: privatePem, format: "pem", type: "pkcs1" }));
    return key.export({ format: "pem", type: "pkcs1" }).toString();
  } catch {
    throw new Error("the RSA private key cannot be parsed");
  }
}

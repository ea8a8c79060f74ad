/** A certificate authority for tests, and what it signs. EC keys unless asked otherwise, so that it costs nothing. */
import { createPrivateKey, randomBytes, webcrypto } from "node:crypto";
import { isIP } from "node:net";

export interface CertificateRequest {
  readonly commonName: string;
  readonly usage: "server" | "client";
  readonly key?: "ec" | "rsa";
  /** Host names, addresses and URIs. */
  readonly names?: readonly string[];
  readonly notBefore?: Date;
  readonly notAfter?: Date;
}

/** PEM texts. */
export interface KeyPair {
  readonly certificate: string;
  readonly privateKey: string;
}

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const RSA = {
  name: "RSASSA-PKCS1-v1_5",
  hash: "SHA-256",
  modulusLength: 2048,
  publicExponent: Uint8Array.of(1, 0, 1),
};
const DAY_MS = 86_400_000;

/** Loaded on first use: most tests that use this package need none. x509 wants the metadata polyfill first. */
async function x509() {
  await import("reflect-metadata");
  return import("@peculiar/x509");
}

export class TestCa {
  readonly certificate: string;
  readonly #keys: webcrypto.CryptoKeyPair;
  readonly #name: string;

  private constructor(name: string, keys: webcrypto.CryptoKeyPair, certificate: string) {
    this.#name = name;
    this.#keys = keys;
    this.certificate = certificate;
  }

  static async create(name = "test"): Promise<TestCa> {
    const { BasicConstraintsExtension, KeyUsageFlags, KeyUsagesExtension, X509CertificateGenerator } = await x509();
    const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
    const now = Date.now();
    const certificate = await X509CertificateGenerator.createSelfSigned(
      {
        serialNumber: serialNumber(),
        name: [{ CN: [name] }],
        notBefore: new Date(now - DAY_MS),
        notAfter: new Date(now + DAY_MS),
        signingAlgorithm: ALGORITHM,
        keys,
        extensions: [
          new BasicConstraintsExtension(true, undefined, true),
          new KeyUsagesExtension(KeyUsageFlags.keyCertSign, true),
        ],
      },
      webcrypto,
    );
    return new TestCa(name, keys, certificate.toString("pem"));
  }

  async issue({ commonName, usage, key, names = [], notBefore, notAfter }: CertificateRequest): Promise<KeyPair> {
    const lib = await x509();
    const keys = await webcrypto.subtle.generateKey(key === "rsa" ? RSA : ALGORITHM, true, ["sign", "verify"]);
    const now = Date.now();
    const { serverAuth, clientAuth } = lib.ExtendedKeyUsage;
    const certificate = await lib.X509CertificateGenerator.create(
      {
        serialNumber: serialNumber(),
        subject: [{ CN: [commonName] }],
        issuer: [{ CN: [this.#name] }],
        notBefore: notBefore ?? new Date(now - DAY_MS),
        notAfter: notAfter ?? new Date(now + DAY_MS),
        signingAlgorithm: ALGORITHM,
        publicKey: keys.publicKey,
        signingKey: this.#keys.privateKey,
        extensions: [
          new lib.KeyUsagesExtension(lib.KeyUsageFlags.digitalSignature, true),
          new lib.ExtendedKeyUsageExtension([usage === "server" ? serverAuth : clientAuth]),
          ...(names.length === 0 ? [] : [new lib.SubjectAlternativeNameExtension(names.map(generalName))]),
        ],
      },
      webcrypto,
    );
    const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", keys.privateKey));
    const privateKey = createPrivateKey({ key: pkcs8, format: "der", type: "pkcs8" });
    return {
      certificate: certificate.toString("pem"),
      privateKey: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    };
  }
}

function generalName(value: string): { readonly type: "dns" | "ip" | "url"; readonly value: string } {
  if (value.includes("://")) return { type: "url", value };
  return { type: isIP(value) === 0 ? "dns" : "ip", value };
}

function serialNumber(): string {
  const bytes = randomBytes(8);
  bytes.writeUInt8((bytes.readUInt8(0) & 0x7f) | 0x01, 0);
  return bytes.toString("hex");
}

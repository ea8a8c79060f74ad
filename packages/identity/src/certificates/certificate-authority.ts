/**
 * A CA, and what it issues: certificates with P-256 keys. Those of workloads are short-lived and named by URIs; those of doors of
 * proxies are named by their hosts. Keys are made here and handed over; they are never stored.
 * Source: kuma v2.14.3: pkg/plugins/ca, pkg/core/resources/apis/meshidentity/providers/bundled, pkg/tls.
 */
import { createPrivateKey, type KeyObject, randomBytes, webcrypto, X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { err, errorMessage, ok, type Result } from "@isthmus/std";

/** PEM texts; the first certificate is the CA's own. */
export interface CaKeyPair {
  readonly cert: string;
  readonly key: string;
}

export interface CertificateNames {
  /** `spiffe://...` first, then others. */
  readonly uris?: readonly string[];
  /** IP addresses and DNS names. */
  readonly hosts?: readonly string[];
  /** What the certificate is good for. Default: both ends of a connection. */
  readonly purpose?: "server" | "client";
}

/** At least one name. */
export interface CertificateRequest extends CertificateNames {
  /** Wall clock. */
  readonly nowMs: number;
  readonly validForMs: number;
}

export interface WorkloadCertificate {
  /** The certificate, then its CA where that is not a root; PEM. */
  readonly chain: string;
  /** PKCS#8 PEM. */
  readonly key: string;
  readonly issuedAtMs: number;
  readonly expiresAtMs: number;
}

/** Peers whose clock is behind accept a fresh certificate. Source: kuma v2.14.3: DefaultAllowedClockSkew. */
const CLOCK_SKEW_MS = 10_000;
const WORKLOAD_KEY = { name: "ECDSA", namedCurve: "P-256" };
const HASH = "SHA-256";

type Algorithm = { readonly name: string; readonly hash: string; readonly namedCurve?: string };

export class CertificateAuthority {
  /** All certificates of the CA; PEM. */
  readonly cert: string;
  readonly #issuer: X509Certificate;
  readonly #key: webcrypto.CryptoKey;
  readonly #algorithm: Algorithm;

  private constructor(cert: string, issuer: X509Certificate, key: webcrypto.CryptoKey, algorithm: Algorithm) {
    this.cert = cert;
    this.#issuer = issuer;
    this.#key = key;
    this.#algorithm = algorithm;
  }

  /** The error says which of the two is wrong and why, without their content. */
  static async open({ cert, key }: CaKeyPair): Promise<Result<CertificateAuthority, string>> {
    let issuer: X509Certificate;
    let privateKey: KeyObject;
    try {
      issuer = new X509Certificate(cert);
    } catch (error) {
      return err(`the CA certificate cannot be read: ${errorMessage(error)}`);
    }
    try {
      privateKey = createPrivateKey(key);
    } catch {
      return err("the key of the CA cannot be read");
    }
    if (!issuer.checkPrivateKey(privateKey)) return err("the key of the CA does not belong to its certificate");
    const algorithm = algorithmOf(privateKey);
    if (algorithm === undefined)
      return err(`keys of type ${privateKey.asymmetricKeyType ?? "unknown"} cannot sign here`);
    const pkcs8 = privateKey.export({ format: "der", type: "pkcs8" });
    const imported = await webcrypto.subtle.importKey("pkcs8", pkcs8, algorithm, false, ["sign"]);
    return ok(new CertificateAuthority(cert, issuer, imported, algorithm));
  }

  async issue(request: CertificateRequest): Promise<WorkloadCertificate> {
    const { uris = [], hosts = [], purpose, nowMs, validForMs } = request;
    // Loaded on first use; its decorators want reflect-metadata first.
    await import("reflect-metadata");
    const x509 = await import("@peculiar/x509");
    const keys = await webcrypto.subtle.generateKey(WORKLOAD_KEY, true, ["sign", "verify"]);
    const issuer = new x509.X509Certificate(this.#issuer.raw);
    const expiresAtMs = nowMs + validForMs;
    const certificate = await x509.X509CertificateGenerator.create(
      {
        serialNumber: serialNumber(),
        issuer: issuer.subject,
        notBefore: new Date(nowMs - CLOCK_SKEW_MS),
        notAfter: new Date(expiresAtMs),
        signingKey: this.#key,
        signingAlgorithm: this.#algorithm,
        publicKey: keys.publicKey,
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
          // Without a subject the names have to be looked at: critical, as RFC 5280 wants it.
          new x509.SubjectAlternativeNameExtension(
            [
              ...uris.map((value) => ({ type: "url" as const, value })),
              ...hosts.map((value) => ({ type: isIP(value) === 0 ? ("dns" as const) : ("ip" as const), value })),
            ],
            true,
          ),
        ],
      },
      webcrypto,
    );
    const exported = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", keys.privateKey));
    const key = createPrivateKey({ key: exported, format: "der", type: "pkcs8" });
    const leaf = `${certificate.toString("pem")}\n`;
    return {
      chain: this.#isRoot() ? leaf : `${leaf}${this.cert}`,
      key: key.export({ format: "pem", type: "pkcs8" }).toString(),
      issuedAtMs: nowMs,
      expiresAtMs,
    };
  }

  /** Peers have the root themselves. */
  #isRoot(): boolean {
    return this.#issuer.issuer === this.#issuer.subject;
  }
}

function algorithmOf(key: KeyObject): Algorithm | undefined {
  if (key.asymmetricKeyType === "rsa") return { name: "RSASSA-PKCS1-v1_5", hash: HASH };
  if (key.asymmetricKeyType !== "ec") return undefined;
  const curves: Readonly<Record<string, string>> = { prime256v1: "P-256", secp384r1: "P-384", secp521r1: "P-521" };
  const namedCurve = curves[key.asymmetricKeyDetails?.namedCurve ?? ""];
  return namedCurve === undefined ? undefined : { name: "ECDSA", hash: HASH, namedCurve };
}

/** 127 random bits: the first bit is clear, DER would read it as a sign. */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x01;
  return bytes.toString("hex");
}

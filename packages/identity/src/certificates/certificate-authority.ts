/**
 * A CA, and what it issues: certificates with P-256 keys. Those of workloads are short-lived and named by URIs; those of doors of
 * proxies are named by their hosts. Keys are made here and handed over; they are never stored.
 * Source: kuma v2.14.3: pkg/plugins/ca, pkg/core/resources/apis/meshidentity/providers/bundled, pkg/tls.
 */
import { createPrivateKey, generateKeyPair, type KeyObject, sign, X509Certificate } from "node:crypto";
import { promisify } from "node:util";
import { err, errorMessage, ok, type Result } from "@isthmus/std";
import type { CaKeyPair } from "./ca-key-pair.ts";
import {
  type CertificateNames,
  type IssuerNames,
  issuerNames,
  leafToBeSigned,
  type SignatureAlgorithm,
  serialNumber,
  signedCertificate,
} from "./leaf-certificate.ts";

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
/** Both work beside the program's own thread. */
const makeKeyPair = promisify(generateKeyPair);
const signWith = promisify(sign);

export class CertificateAuthority {
  /** All certificates of the CA; PEM. */
  readonly cert: string;
  readonly #issuer: IssuerNames;
  readonly #key: KeyObject;
  readonly #algorithm: SignatureAlgorithm;
  /** Peers have a root themselves. */
  readonly #isRoot: boolean;

  private constructor(cert: string, certificate: X509Certificate, key: KeyObject, algorithm: SignatureAlgorithm) {
    this.cert = cert;
    this.#issuer = issuerNames(certificate.raw, certificate.publicKey.export({ format: "der", type: "spki" }));
    this.#key = key;
    this.#algorithm = algorithm;
    this.#isRoot = certificate.issuer === certificate.subject;
  }

  /** The error says which of the two is wrong and why, without their content. */
  static open({ cert, key }: CaKeyPair): Result<CertificateAuthority, string> {
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
    return ok(new CertificateAuthority(cert, issuer, privateKey, algorithm));
  }

  async issue({ nowMs, validForMs, ...names }: CertificateRequest): Promise<WorkloadCertificate> {
    const { publicKey, privateKey } = await makeKeyPair("ec", {
      namedCurve: "P-256",
      publicKeyEncoding: { format: "der", type: "spki" },
      privateKeyEncoding: { format: "pem", type: "pkcs8" },
    });
    const algorithm = this.#algorithm;
    const expiresAtMs = nowMs + validForMs;
    const toBeSigned = leafToBeSigned({
      ...names,
      issuer: this.#issuer,
      serialNumber: serialNumber(),
      algorithm,
      notBeforeMs: nowMs - CLOCK_SKEW_MS,
      notAfterMs: expiresAtMs,
      publicKey,
    });
    const leaf = signedCertificate(toBeSigned, algorithm, await signWith("sha256", toBeSigned, this.#key));
    return {
      chain: this.#isRoot ? leaf : `${leaf}${this.cert}`,
      key: privateKey,
      issuedAtMs: nowMs,
      expiresAtMs,
    };
  }
}

const CURVES: ReadonlySet<string | undefined> = new Set(["prime256v1", "secp384r1", "secp521r1"]);

function algorithmOf(key: KeyObject): SignatureAlgorithm | undefined {
  if (key.asymmetricKeyType === "rsa") return "rsa";
  return key.asymmetricKeyType === "ec" && CURVES.has(key.asymmetricKeyDetails?.namedCurve) ? "ec" : undefined;
}

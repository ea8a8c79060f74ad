/**
 * Keys, certificates and identifiers that a control plane makes for itself. Behind an interface because they are random
 * and RSA takes some 150 ms: a simulation brings its own.
 */
import { createPrivateKey, generateKeyPair, randomBytes, randomUUID, webcrypto } from "node:crypto";
import { promisify } from "node:util";
import { ADMIN, parsePrivateKey, signToken, userClaims } from "@isthmus/identity";
import type { Clock } from "@isthmus/std";

export interface CaRequest {
  readonly commonName: string;
  /** SPIFFE trust domain that the certificate names; left out for a CA that issues no workload identities. */
  readonly trustDomain?: string;
  readonly validityMs: number;
  readonly key: { readonly kind: "rsa"; readonly bits: number } | { readonly kind: "ec" };
}

/** PEM texts. */
export interface CaPair {
  readonly cert: string;
  readonly key: string;
}

export interface KeyMaker {
  /** RSA 2048 private key as PKCS#1 PEM, what tokens are signed with. */
  signingKey(): Promise<string>;
  /** Self-signed certificate authority; RSA keys as PKCS#1, EC keys as SEC1. */
  ca(request: CaRequest): Promise<CaPair>;
  /** Token of the user `mesh-system:admin`, valid for ten years; undefined where the key is none. */
  adminToken(signingKey: { readonly kid: string; readonly pem: Buffer }): Promise<string | undefined>;
  uuid(): string;
}

export const RSA_BITS = 2048;
export const CA_VALIDITY_MS = 10 * 365 * 24 * 3600 * 1000;
const ADMIN_TOKEN_VALIDITY_MS = 10 * 365 * 24 * 3600 * 1000;
/** A certificate is valid a little before it is made, for peers whose clock is behind. */
const CLOCK_SKEW_MS = 10_000;

/** Keys are made on threads of the pool, so that several are made in parallel and the event loop stays free. */
export function nodeKeyMaker(clock: Clock): KeyMaker {
  return {
    signingKey: makeSigningKey,
    ca: (request) => makeCa(request, clock),
    adminToken: (signingKey) => makeAdminToken(signingKey, clock.now()),
    uuid: () => randomUUID(),
  };
}

async function makeSigningKey(): Promise<string> {
  const { privateKey } = await promisify(generateKeyPair)("rsa", {
    modulusLength: RSA_BITS,
    publicKeyEncoding: { type: "pkcs1", format: "pem" },
    privateKeyEncoding: { type: "pkcs1", format: "pem" },
  });
  return privateKey;
}

async function makeAdminToken(signingKey: { kid: string; pem: Buffer }, nowMs: number): Promise<string | undefined> {
  const key = parsePrivateKey(signingKey.pem);
  if (!key.ok) return undefined;
  return signToken({
    key: { kid: signingKey.kid, key: key.value },
    claims: userClaims(ADMIN),
    id: randomUUID(),
    nowMs,
    validForMs: ADMIN_TOKEN_VALIDITY_MS,
  });
}

async function makeCa(request: CaRequest, clock: Clock): Promise<CaPair> {
  // Loaded on first use: it costs some 50 ms that most starts need not pay. Its decorators want reflect-metadata first.
  await import("reflect-metadata");
  const x509 = await import("@peculiar/x509");
  const algorithm =
    request.key.kind === "rsa"
      ? {
          name: "RSASSA-PKCS1-v1_5",
          hash: "SHA-256",
          modulusLength: request.key.bits,
          publicExponent: new Uint8Array([1, 0, 1]),
        }
      : { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const now = clock.now();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned(
    {
      serialNumber: positiveSerial(),
      name: [{ O: ["Kuma"] }, { OU: ["Mesh"] }, { CN: [request.commonName] }],
      notBefore: new Date(now - CLOCK_SKEW_MS),
      notAfter: new Date(now + request.validityMs),
      signingAlgorithm: algorithm,
      keys,
      extensions: [
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
        new x509.BasicConstraintsExtension(true, undefined, true),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey, false, webcrypto),
        ...(request.trustDomain === undefined
          ? []
          : [new x509.SubjectAlternativeNameExtension([{ type: "url", value: `spiffe://${request.trustDomain}` }])]),
      ],
    },
    webcrypto,
  );
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", keys.privateKey));
  const privateKey = createPrivateKey({ key: pkcs8, format: "der", type: "pkcs8" });
  const key = privateKey.export({ type: request.key.kind === "rsa" ? "pkcs1" : "sec1", format: "pem" });
  return { cert: `${certificate.toString("pem")}\n`, key: key.toString() };
}

/** 64 random bits, first bit clear: DER would read it as a sign. */
function positiveSerial(): string {
  const bytes = randomBytes(8);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x01;
  return bytes.toString("hex");
}

/**
 * Whether a certificate and a key in PEM belong together, with the messages of Go's `tls.X509KeyPair`, which Kuma shows.
 * What is wrong inside of a DER structure is told in one general text. Source: Go 1.26: crypto/tls/tls.go.
 */
import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { err, ok, type Result } from "@isthmus/std";
import { type PemBlock, pemBlocks } from "./pem.ts";

const CERTIFICATE = "CERTIFICATE";
const PRIVATE_KEY = "PRIVATE KEY";
const KEY_TYPES: ReadonlySet<string | undefined> = new Set(["rsa", "ec", "ed25519"]);

/** The certificates of the chain in DER, the one of the key first. */
export function loadKeyPair(certificatePem: string, keyPem: string): Result<readonly Uint8Array[], string> {
  const blocks = pemBlocks(certificatePem);
  const chain = blocks.filter((block) => block.type === CERTIFICATE).map((block) => block.bytes);
  const [first] = chain;
  if (first === undefined) return err(`tls: ${noCertificate(blocks)}`);
  const keyBlocks = pemBlocks(keyPem);
  const keyBlock = keyBlocks.find(({ type }) => type === PRIVATE_KEY || type.endsWith(` ${PRIVATE_KEY}`));
  if (keyBlock === undefined) return err(`tls: ${noKey(keyBlocks)}`);
  const certificate = parseCertificate(first);
  if (certificate === undefined) return err(MALFORMED_CERTIFICATE);
  const key = parsePrivateKey(keyBlock.bytes);
  if (key === undefined) return err("tls: failed to parse private key");
  const type = certificate.publicKey.asymmetricKeyType;
  if (!KEY_TYPES.has(key.asymmetricKeyType)) return err("tls: found unknown private key type in PKCS#8 wrapping");
  if (!KEY_TYPES.has(type)) return err("tls: unknown public key algorithm");
  if (type !== key.asymmetricKeyType) return err("tls: private key type does not match public key type");
  return certificate.checkPrivateKey(key) ? ok(chain) : err("tls: private key does not match public key");
}

export const MALFORMED_CERTIFICATE = "x509: malformed certificate";

export function parseCertificate(der: Uint8Array): X509Certificate | undefined {
  try {
    const certificate = new X509Certificate(der);
    return certificate.publicKey === undefined ? undefined : certificate;
  } catch {
    return undefined;
  }
}

function parsePrivateKey(der: Uint8Array): KeyObject | undefined {
  for (const type of ["pkcs1", "pkcs8", "sec1"] as const) {
    try {
      return createPrivateKey({ key: Buffer.from(der), format: "der", type });
    } catch {
      // Not of this form: the next one is tried.
    }
  }
  return undefined;
}

function noCertificate(blocks: readonly PemBlock[]): string {
  const [only] = blocks;
  if (only === undefined) return "failed to find any PEM data in certificate input";
  if (blocks.length === 1 && only.type.endsWith(PRIVATE_KEY)) {
    return "failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched";
  }
  return `failed to find "CERTIFICATE" PEM block in certificate input ${skipped(blocks)}`;
}

function noKey(blocks: readonly PemBlock[]): string {
  if (blocks.length === 0) return "failed to find any PEM data in key input";
  if (blocks.length === 1 && blocks[0]?.type === CERTIFICATE) {
    return "found a certificate rather than a key in the PEM for the private key";
  }
  return `failed to find PEM block with type ending in "PRIVATE KEY" in key input ${skipped(blocks)}`;
}

const skipped = (blocks: readonly PemBlock[]): string =>
  `after skipping PEM blocks of the following types: [${blocks.map((block) => block.type).join(" ")}]`;

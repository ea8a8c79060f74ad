/**
 * RSA keys as secrets and files hold them: PKCS#1 in PEM, as Kuma writes it; PKCS#8 and SPKI in PEM; bare PKCS#1.
 * What is wrong with one is never told in OpenSSL's words: they say nothing to an operator, and must not say too much.
 */
import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import { err, ok, type Result } from "@isthmus/std";

/** RS256 is not secure with less, and jose refuses to use it. */
const BITS_MIN = 2048;

export function parsePrivateKey(bytes: Buffer): Result<KeyObject, string> {
  return parse("private", () =>
    isPem(bytes) ? createPrivateKey(bytes) : createPrivateKey({ key: bytes, format: "der", type: "pkcs1" }),
  );
}

/** A private key is no public one: who has it could make tokens, and where only checking is meant that is a leak. */
export function parsePublicKey(bytes: Buffer): Result<KeyObject, string> {
  if (bytes.includes("PRIVATE KEY-----")) return err("is a private key, only the public half belongs here");
  return parse("public", () =>
    isPem(bytes) ? createPublicKey(bytes) : createPublicKey({ key: bytes, format: "der", type: "pkcs1" }),
  );
}

const isPem = (bytes: Buffer): boolean => bytes.includes("-----BEGIN ");

function parse(kind: "private" | "public", create: () => KeyObject): Result<KeyObject, string> {
  let key: KeyObject;
  try {
    key = create();
  } catch {
    return err(`is no RSA ${kind} key in PEM`);
  }
  if (key.asymmetricKeyType !== "rsa") return err(`is a key of type ${key.asymmetricKeyType ?? "unknown"}, not RSA`);
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  return bits < BITS_MIN ? err(`has ${bits} bits, at least ${BITS_MIN} are needed`) : ok(key);
}

/**
 * A CA that the user brings: certificate and key exist, belong together, and the certificate may sign others.
 * Source: kuma v2.14.3: pkg/plugins/ca/provided, pkg/core/datasource.
 */
import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { at, member, type Violation, Violations } from "@isthmus/resources";
import { err, errorMessage, type JsonValue, ok, type Result } from "@isthmus/std";
import { objectAt, stringAt } from "../json-path.ts";
import type { WriteContext } from "../write-rule.ts";

const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g;
const NO_SOURCE = "data source has to be chosen. Available sources: secret, file, inline";
const NOT_A_CA = "basic constraint 'CA' must be set to 'true' (see X509-SVID: 4.1. Basic Constraints)";

export function checkProvidedCa(
  mesh: string,
  backend: JsonValue,
  path: string,
  context: WriteContext,
): readonly Violation[] {
  const found = new Violations();
  for (const part of ["cert", "key"] as const) {
    found.addAll(checkSource(objectAt(backend, "conf", part), member(path, part)));
  }
  if (!found.isEmpty) return found.list;
  const cert = load(mesh, backend, "cert", context);
  const key = load(mesh, backend, "key", context);
  for (const source of [key, cert]) {
    if (source.ok) continue;
    return ["cert", "key"].map((part) => ({ field: member(path, part), reason: source.error }));
  }
  if (!cert.ok || !key.ok) return [];
  return checkPair(cert.value, key.value, member(path, "cert"));
}

function checkSource(source: JsonValue | undefined, path: string): readonly Violation[] {
  if (source === undefined) return [{ field: path, reason: "has to be defined" }];
  const chosen = ["secret", "inline", "inlineString", "file"].find((kind) => objectAt(source)?.[kind] !== undefined);
  if (chosen === undefined) return [{ field: path, reason: NO_SOURCE }];
  return stringAt(source, chosen) === "" ? [{ field: member(path, chosen), reason: "cannot be empty" }] : [];
}

function load(mesh: string, backend: JsonValue, part: "cert" | "key", context: WriteContext): Result<string, string> {
  const source = objectAt(backend, "conf", part);
  const secret = stringAt(source, "secret");
  if (secret !== "") {
    const stored = context.store.get({ type: "Secret", mesh, name: secret });
    if (stored !== undefined) return ok(fromBase64(stringAt(stored.spec, "data")));
    return err(`could not load data: resource not found: type="Secret" name="${secret}" mesh="${mesh}"`);
  }
  const inlineString = stringAt(source, "inlineString");
  if (inlineString !== "") return ok(inlineString);
  const inline = stringAt(source, "inline");
  if (inline !== "") return ok(fromBase64(inline));
  try {
    return ok(readFileSync(stringAt(source, "file"), "utf8"));
  } catch (error) {
    return err(`could not load data: ${errorMessage(error)}`);
  }
}

function checkPair(certPem: string, keyPem: string, path: string): readonly Violation[] {
  let certificates: X509Certificate[];
  let key: KeyObject;
  try {
    certificates = (certPem.match(PEM_CERTIFICATE) ?? []).map((pem) => new X509Certificate(pem));
    key = createPrivateKey(keyPem);
  } catch (error) {
    return [{ field: path, reason: `not a valid TLS key pair: ${errorMessage(error)}` }];
  }
  const leaf = certificates[0];
  if (leaf === undefined) return [{ field: path, reason: "not a valid TLS key pair: no certificate in PEM" }];
  if (!leaf.checkPrivateKey(key)) {
    return [{ field: path, reason: "not a valid TLS key pair: private key does not match public key" }];
  }
  return certificates.flatMap((certificate, index) =>
    certificate.ca ? [] : [{ field: at(path, index), reason: NOT_A_CA }],
  );
}

function fromBase64(text: string): string {
  return Buffer.from(text, "base64").toString("utf8");
}

/**
 * What the manager of meshes checks beyond `validateMesh`: CA backends and changes of the CA, and the secrets they use.
 * Source: kuma v2.14.3: pkg/core/managers/apis/mesh/mesh_validator.go, pkg/plugins/ca/{builtin,provided},
 * pkg/core/secrets/manager/validator.go.
 */
import type { JsonObject, Result } from "@isthmus/std";
import type { Resource } from "../resource.ts";
import { at, member, type Violation, Violations } from "../violation.ts";
import { checkDataSource, type DataSource, dataSourceFrom } from "./data-source.ts";
import { goQuote } from "./go-quote.ts";
import { isDnsName } from "./host.ts";
import { flagAt, messageAt, objectAt, objectsAt, textAt } from "./json-access.ts";
import { loadKeyPair, MALFORMED_CERTIFICATE, parseCertificate } from "./tls-key-pair.ts";
import { type ConfigMessage, readConfig } from "./typed-config.ts";
import { caExtensions } from "./x509-extensions.ts";

const MESH_NAME_MAX_BYTES = 63;
const BACKEND_NAME_MAX_BYTES = 255;

const DATA_SOURCE: ConfigMessage = { secret: "choice", file: "choice", inline: "bytesValue", inlineString: "choice" };
const PROVIDED: ConfigMessage = { cert: { message: DATA_SOURCE }, key: { message: DATA_SOURCE } };
const BUILTIN: ConfigMessage = { caCert: { message: { RSAbits: "uint32Value", expiration: "string" } } };

/** Fetches the bytes of a source in the context of the mesh; the error says why it could not. */
export type LoadDataSource = (source: DataSource) => Result<Uint8Array, string>;

/** Besides `validateMesh`, for a mesh that does not exist yet. */
export function validateMeshCreate(mesh: Resource, load: LoadDataSource): readonly Violation[] {
  const found = new Violations();
  if (Buffer.byteLength(mesh.name) > MESH_NAME_MAX_BYTES) {
    found.add("name", `cannot be longer than ${MESH_NAME_MAX_BYTES} characters`);
  }
  found.addAll(validateCaBackends(mesh, load));
  return found.list;
}

/** The rule that needs the stored mesh; `validateCaBackends` holds for updates as well, after it. */
export function validateMeshUpdate(previous: Resource, next: Resource): readonly Violation[] {
  const before = enabledBackend(previous);
  const after = enabledBackend(next);
  if (before === "" || after === "" || before === after) return [];
  const reason = "Changing CA when mTLS is enabled is forbidden. Disable mTLS first and then change the CA";
  return [{ field: "mtls.enabledBackend", reason }];
}

/** Every backend, also those that are not enabled. A type without a CA plugin ends the check. */
export function validateCaBackends(mesh: Resource, load: LoadDataSource): readonly Violation[] {
  const found = new Violations();
  const mtls = objectAt(mesh.spec, "mtls");
  for (const [index, backend] of objectsAt(mtls, "backends").entries()) {
    const path = at("mtls.backends", index);
    const type = textAt(backend, "type");
    if (type !== "builtin" && type !== "provided") {
      found.add(member(path, "type"), "could not find installed plugin for this type");
      break;
    }
    if (flagAt(mtls, "skipValidation")) continue;
    if (type === "builtin") checkBuiltin(mesh.name, backend, member(path, "conf"), found);
    else checkProvided(backend, load, member(path, "conf"), found);
  }
  return found.list;
}

/** Secrets in which a builtin CA is kept. */
export function builtinCaSecrets(mesh: string, backend: string): { readonly cert: string; readonly key: string } {
  return { cert: `${mesh}.ca-builtin-cert-${backend}`, key: `${mesh}.ca-builtin-key-${backend}` };
}

/** Why a secret of the mesh must not be deleted; empty when no CA backend uses it. */
export function secretUsedByMesh(mesh: Resource, secretName: string): readonly Violation[] {
  const found = new Violations();
  for (const backend of objectsAt(objectAt(mesh.spec, "mtls"), "backends")) {
    if (!secretsOf(mesh.name, backend).includes(secretName)) continue;
    const name = goQuote(textAt(backend, "name"));
    found.add(
      "name",
      `The secret ${goQuote(secretName)} that you are trying to remove is currently in use in Mesh ${goQuote(mesh.name)} ` +
        `in mTLS backend ${name}. Please remove the reference from the ${name} backend before removing the secret.`,
    );
  }
  return found.list;
}

function secretsOf(mesh: string, backend: JsonObject): readonly string[] {
  const type = textAt(backend, "type");
  if (type === "builtin") return Object.values(builtinCaSecrets(mesh, textAt(backend, "name")));
  const config = type === "provided" ? readConfig(messageAt(backend, "conf"), PROVIDED) : undefined;
  if (config?.ok !== true) return [];
  const sources = [dataSourceFrom(objectAt(config.value, "cert")), dataSourceFrom(objectAt(config.value, "key"))];
  return sources.flatMap((source) => (source?.kind === "secret" && source.text !== "" ? [source.text] : []));
}

const enabledBackend = (mesh: Resource): string => textAt(objectAt(mesh.spec, "mtls"), "enabledBackend");

function checkBuiltin(mesh: string, backend: JsonObject, path: string, found: Violations): void {
  const config = readConfig(messageAt(backend, "conf"), BUILTIN);
  if (!config.ok) found.add(path, `could not convert backend config: ${config.error}`);
  const name = textAt(backend, "name");
  const secret = builtinCaSecrets(mesh, name).cert;
  const field = member(path, "mtls.backends.name");
  if (Buffer.byteLength(secret) > BACKEND_NAME_MAX_BYTES) {
    found.add(field, `Backend name is too long. Max length: ${BACKEND_NAME_MAX_BYTES}`);
  }
  if (!isDnsName(secret) || secret !== secret.toLowerCase()) {
    found.add(field, `${goQuote(name)} name must be valid dns name`);
  }
}

function checkProvided(backend: JsonObject, load: LoadDataSource, path: string, found: Violations): void {
  const config = readConfig(messageAt(backend, "conf"), PROVIDED);
  if (!config.ok) {
    found.add(path, `could not convert backend config: ${config.error}`);
    return;
  }
  const certPath = member(path, "cert");
  const keyPath = member(path, "key");
  const shape = new Violations();
  checkSource(messageAt(config.value, "cert"), certPath, shape);
  checkSource(messageAt(config.value, "key"), keyPath, shape);
  found.addAll(shape.list);
  const certSource = dataSourceFrom(objectAt(config.value, "cert"));
  const keySource = dataSourceFrom(objectAt(config.value, "key"));
  if (!shape.isEmpty || certSource === undefined || keySource === undefined) return;
  const key = load(keySource);
  const cert = key.ok ? load(certSource) : key;
  if (key.ok && cert.ok) {
    checkCaChain(decode(cert.value), decode(key.value), certPath, found);
  } else {
    const error = `could not load data: ${key.ok ? (cert.ok ? "" : cert.error) : key.error}`;
    found.add(certPath, error);
    found.add(keyPath, error);
  }
}

function checkSource(source: JsonObject | undefined, path: string, found: Violations): void {
  if (source === undefined) found.add(path, "has to be defined");
  else checkDataSource(source, path, found);
}

/** Each certificate of the chain must be one that may sign others, as SPIFFE demands. */
function checkCaChain(certPem: string, keyPem: string, path: string, found: Violations): void {
  const chain = loadKeyPair(certPem, keyPem);
  if (!chain.ok) {
    found.add(path, `not a valid TLS key pair: ${chain.error}`);
    return;
  }
  for (const [index, der] of chain.value.entries()) {
    const field = at(path, index);
    if (parseCertificate(der) === undefined) {
      found.add(field, `not a valid x509 certificate: ${MALFORMED_CERTIFICATE}`);
      return;
    }
    const { isCa, keyUsage } = caExtensions(der);
    if (!isCa) {
      found.add(field, "basic constraint 'CA' must be set to 'true' (see X509-SVID: 4.1. Basic Constraints)");
    }
    if (!keyUsage.certSign) {
      found.add(field, "key usage extension 'keyCertSign' must be set (see X509-SVID: 4.3. Key Usage)");
    }
    if (keyUsage.keyAgreement) {
      found.add(
        field,
        "key usage extension 'keyAgreement' must NOT be set (see X509-SVID: Appendix A. X.509 Field Reference)",
      );
    }
  }
}

const decode = (bytes: Uint8Array): string => Buffer.from(bytes).toString("utf8");

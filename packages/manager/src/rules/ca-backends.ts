/**
 * The mTLS backends of a Mesh: `builtin` makes its CA here, `provided` is given one by the user.
 * Source: kuma v2.14.3: pkg/core/managers/apis/mesh/mesh_validator.go, pkg/plugins/ca.
 */
import { at, member, type Violation, Violations } from "@isthmus/resources";
import type { JsonObject, JsonValue } from "@isthmus/std";
import type { Op, ResourceDraft } from "@isthmus/store";
import { arrayAt, objectAt, stringAt } from "../json-path.ts";
import { CA_VALIDITY_MS, RSA_BITS } from "../keys/key-maker.ts";
import { builtinCertName, builtinKeyName, meshSecret } from "../keys/secrets.ts";
import type { WriteContext } from "../write-rule.ts";
import { checkProvidedCa } from "./provided-ca.ts";

const BACKENDS = "mtls.backends";
const BACKEND_NAME_MAX = 255;
const DNS_NAME = /^(?=.{1,255}$)([a-z0-9_][a-z0-9_-]{0,62})(\.[a-z0-9_][a-z0-9_-]{0,62})*$/;
const DURATION_UNITS_MS = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  y: 31_536_000_000,
} as const;

export function caBackends(meshSpec: JsonObject): readonly JsonValue[] {
  return arrayAt(meshSpec, "mtls", "backends");
}

/** A type that nobody knows ends the check, as in Kuma. */
export function checkCaBackends(mesh: ResourceDraft, context: WriteContext): readonly Violation[] {
  const found = new Violations();
  const skipsValidation = objectAt(mesh.spec, "mtls")?.["skipValidation"] === true;
  for (const [index, backend] of caBackends(mesh.spec).entries()) {
    const path = at(BACKENDS, index);
    const type = stringAt(backend, "type");
    if (type !== "builtin" && type !== "provided") {
      found.add(member(path, "type"), "could not find installed plugin for this type");
      return found.list;
    }
    if (skipsValidation) continue;
    const conf = member(path, "conf");
    found.addAll(
      type === "builtin"
        ? checkBuiltinName(mesh.name, stringAt(backend, "name"), conf)
        : checkProvidedCa(mesh.name, backend, conf, context),
    );
  }
  return found.list;
}

/**
 * Certificate and key for each built-in backend that has none; on creation and whenever a backend is added. A lone half
 * of a pair is replaced together with the other: it is of no use.
 */
export async function missingCaOps(
  mesh: string,
  backends: readonly JsonValue[],
  context: WriteContext,
): Promise<readonly Op[]> {
  const missing = backends.filter((backend) => {
    if (stringAt(backend, "type") !== "builtin") return false;
    const name = stringAt(backend, "name");
    const names = [builtinCertName(mesh, name), builtinKeyName(mesh, name)];
    return names.some((secret) => context.store.get({ type: "Secret", mesh, name: secret }) === undefined);
  });
  const ops = await Promise.all(missing.map((backend) => builtinCaOps(mesh, backend, context)));
  return ops.flat();
}

async function builtinCaOps(mesh: string, backend: JsonValue, context: WriteContext): Promise<readonly Op[]> {
  const name = stringAt(backend, "name");
  const caCert = objectAt(backend, "conf", "caCert");
  const bits = caCert?.["RSAbits"];
  const pair = await context.keys.ca({
    commonName: mesh,
    trustDomain: mesh,
    validityMs: durationMs(stringAt(caCert, "expiration")) ?? CA_VALIDITY_MS,
    key: { kind: "rsa", bits: typeof bits === "number" && bits > 0 ? bits : RSA_BITS },
  });
  return [
    { kind: "put", resource: meshSecret(mesh, builtinCertName(mesh, name), pair.cert) },
    { kind: "put", resource: meshSecret(mesh, builtinKeyName(mesh, name), pair.key) },
  ];
}

function checkBuiltinName(mesh: string, backend: string, conf: string): readonly Violation[] {
  const found = new Violations();
  const secret = builtinCertName(mesh, backend);
  const field = `${conf}.mtls.backends.name`;
  if (Buffer.byteLength(secret) > BACKEND_NAME_MAX) {
    found.add(field, `Backend name is too long. Max length: ${BACKEND_NAME_MAX}`);
  }
  if (!DNS_NAME.test(secret)) found.add(field, `${JSON.stringify(backend)} name must be valid dns name`);
  return found.list;
}

/** `10y`, `1d`, `0`; undefined when it is none. */
function durationMs(text: string): number | undefined {
  const match = /^(\d+)(y|w|d|h|m|s|ms)$/.exec(text);
  if (match === null) return undefined;
  return Number(match[1]) * DURATION_UNITS_MS[match[2] as keyof typeof DURATION_UNITS_MS];
}

/**
 * CAs that the control plane makes itself, for the `builtin` backends of a Mesh.
 * Source: kuma v2.14.3: pkg/plugins/ca/builtin/manager.go.
 */
import { at, builtinCaSecrets, member, type Violation, Violations } from "@isthmus/resources";
import type { JsonObject, JsonValue } from "@isthmus/std";
import type { Op, ResourceDraft, Store } from "@isthmus/store";
import { arrayAt, objectAt, stringAt, valueAt } from "../json-path.ts";
import { CA_VALIDITY_MS, RSA_BITS } from "../keys/key-maker.ts";
import { meshSecret } from "../keys/secrets.ts";
import type { WriteContext } from "../write-rule.ts";

type Mesh = Pick<ResourceDraft, "name" | "spec">;

/**
 * Bounds of what one request may make the control plane compute: a key of 8,192 bits takes seconds, one of a million never
 * ends. Kuma has no upper ones and answers 500 to what Go refuses.
 */
const RSA_BITS_MIN = 1024;
const RSA_BITS_MAX = 8192;
/** Of Go's durations: 292 years. */
const VALIDITY_MAX_MS = 2 ** 63 / 1e6;

const DURATION_UNITS_MS = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  y: 31_536_000_000,
} as const;

interface MissingCa {
  /** Of the backend's `caCert`. */
  readonly path: string;
  readonly backend: string;
  readonly bits: number;
  readonly expiration: string;
}

/** Why the CAs that the mesh still needs cannot be made. Those that exist are not asked again. */
export function newCaViolations(mesh: Mesh, store: Store): readonly Violation[] {
  const found = new Violations();
  for (const { path, bits, expiration } of missingCas(mesh, store)) {
    if (!(bits >= RSA_BITS_MIN && bits <= RSA_BITS_MAX)) {
      found.add(member(path, "RSAbits"), `must be in inclusive range [${RSA_BITS_MIN}, ${RSA_BITS_MAX}]`);
    }
    if (validityMs(expiration) === undefined) found.add(member(path, "expiration"), "has to be a valid format");
  }
  return found.list;
}

/** Certificate and key for each built-in backend that has none; on creation and whenever a backend is added. */
export async function missingCaOps(mesh: Mesh, context: WriteContext): Promise<readonly Op[]> {
  const made = missingCas(mesh, context.store).map(async ({ backend, bits, expiration }): Promise<readonly Op[]> => {
    const { cert, key } = await context.keys.ca({
      commonName: mesh.name,
      trustDomain: mesh.name,
      validityMs: validityMs(expiration) ?? CA_VALIDITY_MS,
      key: { kind: "rsa", bits },
    });
    const names = builtinCaSecrets(mesh.name, backend);
    return [
      { kind: "put", resource: meshSecret(mesh.name, names.cert, cert) },
      { kind: "put", resource: meshSecret(mesh.name, names.key, key) },
    ];
  });
  return (await Promise.all(made)).flat();
}

/** A lone half of a pair counts as missing, and is replaced together with the other: it is of no use. */
function missingCas(mesh: Mesh, store: Store): readonly MissingCa[] {
  return arrayAt(mesh.spec, "mtls", "backends").flatMap((backend, index) => {
    if (stringAt(backend, "type") !== "builtin") return [];
    const name = stringAt(backend, "name");
    const secrets = Object.values(builtinCaSecrets(mesh.name, name));
    if (secrets.every((secret) => store.get({ type: "Secret", mesh: mesh.name, name: secret }) !== undefined)) {
      return [];
    }
    const caCert = objectAt(backend, "conf", "caCert");
    const path = member(at("mtls.backends", index), "conf.caCert");
    return [{ path, backend: name, bits: rsaBits(caCert), expiration: stringAt(caCert, "expiration") }];
  });
}

/** Numbers of protobuf's JSON may be quoted; 0 asks for the default. */
function rsaBits(caCert: JsonObject | undefined): number {
  const value: JsonValue | undefined = valueAt(caCert, ["RSAbits"]);
  const bits = typeof value === "number" || typeof value === "string" ? Number(value) : 0;
  return bits === 0 ? RSA_BITS : bits;
}

/**
 * `10y`, `1d`; undefined when it is none. Nothing and `0` ask for the default: Kuma would make a certificate that has
 * expired already.
 */
function validityMs(text: string): number | undefined {
  if (text === "") return CA_VALIDITY_MS;
  const match = /^(\d+)(y|w|d|h|m|s|ms)$/.exec(text);
  const ms =
    match === null ? Number.NaN : Number(match[1]) * DURATION_UNITS_MS[match[2] as keyof typeof DURATION_UNITS_MS];
  if (text === "0" || ms === 0) return CA_VALIDITY_MS;
  return ms <= VALIDITY_MAX_MS ? ms : undefined;
}

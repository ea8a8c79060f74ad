/**
 * The signing keys of a ring as the store has them now: the newest signs, each checks what it signed. Rotation is to add a
 * key with a higher serial, to issue tokens anew and to delete the old key.
 */
import { createPublicKey, type KeyObject } from "node:crypto";
import type { Resource } from "@isthmus/resources";
import { err, ok, type Result } from "@isthmus/std";
import type { Store } from "@isthmus/store";
import {
  DEFAULT_SERIAL,
  dataplaneKeyRing,
  type KeyRing,
  keyAddress,
  keyNotFound,
  UNNUMBERED,
  userKeyRing,
  zoneKeyRing,
  zonePublicKeyRing,
} from "./key-ring.ts";
import { parsePrivateKey, parsePublicKey } from "./rsa-key.ts";

export interface SigningKey {
  readonly kid: string;
  readonly key: KeyObject;
}

export type KeyFailure =
  | { readonly kind: "not-found"; readonly detail: string }
  /** There is one, and it is no key. `detail` names the secret, never its content. */
  | { readonly kind: "unusable"; readonly detail: string };

const SERIAL = /^(?:0|[1-9]\d{0,14})$/;

/** Parsed once for each content: resources are immutable. */
const privateKeys = new WeakMap<Resource, Result<KeyObject, string>>();
const publicKeys = new WeakMap<Resource, Result<KeyObject, string>>();

/** The key with the highest serial. Names whose end is no serial are no keys. */
export function latestSigningKey(store: Store, ring: KeyRing): Result<SigningKey, KeyFailure> {
  const kid = latestSerial(store, ring);
  const secret = kid === undefined ? undefined : store.get(keyAddress(ring, kid));
  if (kid === undefined || secret === undefined) {
    return err({ kind: "not-found", detail: keyNotFound(ring, DEFAULT_SERIAL) });
  }
  const key = remembered(privateKeys, secret, () => parsePrivateKey(secretBytes(secret)));
  return key.ok ? ok({ kid, key: key.value }) : err(unusable(secret, key.error));
}

export function latestSerial(store: Store, ring: KeyRing): string | undefined {
  const { mesh, type } = { ...ring, type: keyAddress(ring, UNNUMBERED).type };
  const serials = store.list(type, mesh === "" ? {} : { mesh }).flatMap(({ name }) => serialOf(ring, name) ?? []);
  return serials.length === 0 ? undefined : String(Math.max(...serials));
}

/** What tokens with this key id are checked with. */
export function verificationKey(store: Store, ring: KeyRing, kid: string): Result<KeyObject, KeyFailure> {
  const secret = store.get(keyAddress(ring, kid));
  if (secret === undefined) return err({ kind: "not-found", detail: keyNotFound(ring, kid) });
  const key = publicKeyOf(secret, ring);
  return key.ok ? key : err(unusable(secret, key.error));
}

/** Why a Secret or GlobalSecret that is called like a signing key is none; undefined: it is one, or is not called so. */
export function signingKeyProblem(secret: Resource): string | undefined {
  const rings = secret.mesh === "" ? [userKeyRing, zoneKeyRing, zonePublicKeyRing] : [dataplaneKeyRing(secret.mesh)];
  const ring = rings.find((each) => serialOf(each, secret.name) !== undefined);
  const key = ring === undefined ? undefined : publicKeyOf(secret, ring);
  return key === undefined || key.ok ? undefined : key.error;
}

function publicKeyOf(secret: Resource, ring: KeyRing): Result<KeyObject, string> {
  return remembered(publicKeys, secret, () => {
    if (ring.holds === "public") return parsePublicKey(secretBytes(secret));
    const parsed = parsePrivateKey(secretBytes(secret));
    return parsed.ok ? ok(createPublicKey(parsed.value)) : parsed;
  });
}

/** Content of a Secret or GlobalSecret. */
export function secretBytes(secret: Pick<Resource, "spec">): Buffer {
  const { data } = secret.spec;
  return Buffer.from(typeof data === "string" ? data : "", "base64");
}

function serialOf({ prefix }: KeyRing, name: string): number | undefined {
  if (name === prefix) return Number(UNNUMBERED);
  if (!name.startsWith(`${prefix}-`)) return undefined;
  const serial = name.slice(prefix.length + 1);
  return SERIAL.test(serial) && serial !== UNNUMBERED ? Number(serial) : undefined;
}

function unusable({ type, name }: Resource, reason: string): KeyFailure {
  return { kind: "unusable", detail: `the signing key in ${type} "${name}" ${reason}` };
}

function remembered<K extends object, V>(cache: WeakMap<K, V>, key: K, make: () => V): V {
  const known = cache.get(key);
  if (known !== undefined) return known;
  const made = make();
  cache.set(key, made);
  return made;
}

/**
 * Where the keys of one kind of tokens lie: secrets that share a prefix, and the lists of revoked tokens.
 * Source of the names: kuma v2.14.3: pkg/core/resources/apis/system/constants.go, pkg/tokens/builtin/components.go.
 */
import type { ResourceKey } from "@isthmus/resources";

export interface KeyRing {
  /** A key is called `<prefix>-<serial>`; serial 0, of old times, is the prefix alone. */
  readonly prefix: string;
  /** "": GlobalSecrets; otherwise Secrets of this mesh. */
  readonly mesh: string;
  /** What the secrets hold. A federated zone has only the public halves of its global's zone token keys. */
  readonly holds: "private" | "public";
  /** Each may hold ids of revoked tokens. */
  readonly revocations: readonly ResourceKey[];
}

export const DEFAULT_SERIAL = "1";
/** Id of a key whose name has no serial. */
export const UNNUMBERED = "0";

const globalSecret = (name: string): ResourceKey => ({ type: "GlobalSecret", mesh: "", name });

export const ADMIN_USER_TOKEN: ResourceKey = globalSecret("admin-user-token");

export const userKeyRing: KeyRing = {
  prefix: "user-token-signing-key",
  mesh: "",
  holds: "private",
  revocations: [globalSecret("user-token-revocations")],
};

export const zoneKeyRing: KeyRing = {
  prefix: "zone-token-signing-key",
  mesh: "",
  holds: "private",
  revocations: [globalSecret("zone-token-revocations")],
};

/** What a federated zone checks zone tokens with. */
export const zonePublicKeyRing: KeyRing = { ...zoneKeyRing, prefix: "zone-token-signing-public-key", holds: "public" };

/** Kuma documents the list of a mesh as one of its Secrets and reads a GlobalSecret; both count here. */
export function dataplaneKeyRing(mesh: string): KeyRing {
  const name = `dataplane-token-revocations-${mesh}`;
  return {
    prefix: `dataplane-token-signing-key-${mesh}`,
    mesh,
    holds: "private",
    revocations: [globalSecret(name), { type: "Secret", mesh, name }],
  };
}

export function keyAddress({ prefix, mesh }: KeyRing, kid: string): ResourceKey {
  const name = kid === UNNUMBERED ? prefix : `${prefix}-${kid}`;
  return { type: mesh === "" ? "GlobalSecret" : "Secret", mesh, name };
}

/** The text that clients print. Source: kuma v2.14.3: pkg/core/tokens/signing_key.go. */
export function keyNotFound(ring: KeyRing, kid: string): string {
  const { name, mesh } = keyAddress(ring, kid);
  const place = mesh === "" ? `GlobalSecret of name "${name}"` : `Secret of name "${name}" in mesh "${mesh}"`;
  return `there is no signing key with KID ${kid}. ${place} is not found. If signing key was rotated, regenerate the token`;
}

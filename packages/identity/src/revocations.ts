/**
 * Revoked tokens: a secret with their ids (`jti`), separated by commas. One newline at the end is dropped, nothing else is
 * trimmed in Kuma; here blanks around an id are as well, because a revocation that silently does not count is a hole.
 */
import type { Resource } from "@isthmus/resources";
import type { Store } from "@isthmus/store";
import type { KeyRing } from "./key-ring.ts";
import { secretBytes } from "./signing-keys.ts";

const lists = new WeakMap<Resource, ReadonlySet<string>>();

export function isRevoked(store: Store, ring: KeyRing, id: string): boolean {
  return ring.revocations.some((key) => {
    const secret = store.get(key);
    return secret !== undefined && idsOf(secret).has(id);
  });
}

function idsOf(secret: Resource): ReadonlySet<string> {
  const known = lists.get(secret);
  if (known !== undefined) return known;
  const text = secretBytes(secret).toString("utf8");
  const ids: ReadonlySet<string> = text === "" ? new Set() : new Set(text.split(",").map((id) => id.trim()));
  lists.set(secret, ids);
  return ids;
}

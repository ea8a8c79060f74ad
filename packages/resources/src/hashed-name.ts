/**
 * Names of copies that KDS makes: the display name and a hash over what makes the original unique. The function gives the
 * same name on the way zone -> global -> zone, because display name and zone travel as labels.
 * Source: kuma v2.14.3: pkg/kds/hash/hash.go, pkg/kds/context/context.go.
 */
import { fnv1a64Hex } from "@isthmus/std";
import { NAMESPACE_LABEL, ZONE_LABEL } from "./label-keys.ts";
import { displayName } from "./labels.ts";
import { NAME_MAX_BYTES } from "./names.ts";
import type { Labels } from "./resource.ts";

/** Kubernetes' alphabet for generated names: no vowels, so no words. It maps `0` and `f` to the same letter. */
const SAFE_ALPHABET = "bcdfghjklmnpqrstvwxz2456789";
const SUFFIX_BYTES = 1 + 16;

/** Hashed name of a resource; `mesh` is "" for global-scoped types. */
export function hashedName(resource: {
  readonly mesh: string;
  readonly name: string;
  readonly labels: Labels;
}): string {
  const { mesh, labels } = resource;
  const name = displayName(resource);
  return withHash(name, `${mesh}${name}${labels[ZONE_LABEL] ?? ""}${labels[NAMESPACE_LABEL] ?? ""}`);
}

function withHash(name: string, hashInput: string): string {
  let suffix = "";
  for (const digit of fnv1a64Hex(hashInput)) suffix += SAFE_ALPHABET[digit.charCodeAt(0) % SAFE_ALPHABET.length];
  return `${truncate(name, NAME_MAX_BYTES - SUFFIX_BYTES)}-${suffix}`;
}

/** Cuts at a number of bytes, before a character that would not fit whole. Valid names are ASCII, as long as their bytes. */
function truncate(text: string, maxBytes: number): string {
  if (text.length * 3 <= maxBytes) return text;
  const bytes = Buffer.from(text);
  let end = Math.min(bytes.length, maxBytes);
  while (end < bytes.length && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return bytes.subarray(0, end).toString();
}

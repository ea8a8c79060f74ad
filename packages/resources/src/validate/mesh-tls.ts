/** Rules of a MeshTLS. Source: kuma v2.14.3: pkg/plugins/policies/meshtls/api/v1alpha1/validator.go. */
import type { JsonObject } from "@isthmus/std";
import type { Resource } from "../resource.ts";
import { at, member, type Violation, Violations } from "../violation.ts";
import { listAt, messageAt, objectAt, objectsAt, textAt, valueAt } from "./json-access.ts";
import { checkTargetItems, fromDeprecations, hasItems, targetRefDeprecations } from "./policy-lists.ts";
import { quotedChoice } from "./primitives.ts";
import { checkTopTargetRef, type TopTargetRefRules, topKind } from "./target-ref.ts";
import { checkTlsVersion } from "./tls-version.ts";

export const TLS_CIPHERS = [
  "ECDHE-ECDSA-AES128-GCM-SHA256",
  "ECDHE-ECDSA-AES256-GCM-SHA384",
  "ECDHE-ECDSA-CHACHA20-POLY1305",
  "ECDHE-RSA-AES128-GCM-SHA256",
  "ECDHE-RSA-AES256-GCM-SHA384",
  "ECDHE-RSA-CHACHA20-POLY1305",
] as const;

const TOP: TopTargetRefRules = { system: { kinds: ["Mesh", "MeshSubset", "Dataplane"] }, hasInboundLists: true };
/** In the order in which the message names them. */
const MODES = ["Strict", "Permissive"] as const;

export function validateMeshTls(resource: Resource): readonly Violation[] {
  const { spec } = resource;
  const found = new Violations();
  checkTopTargetRef(resource, TOP, found);
  if (hasItems(spec, "rules") && hasItems(spec, "from")) {
    found.add("spec", "field 'from' must be empty when 'rules' is defined");
  }
  const isForMesh = topKind(spec) === "Mesh";
  const checkItem = (item: JsonObject, path: string): void => {
    checkConf(objectAt(item, "default"), isForMesh, member(path, "default"), found);
  };
  for (const [index, rule] of objectsAt(spec, "rules").entries()) checkItem(rule, at("spec.rules", index));
  checkTargetItems(spec, "from", { kinds: ["Mesh"] }, checkItem, found);
  return found.list;
}

export function meshTlsDeprecations({ spec }: Resource): readonly string[] {
  return [...fromDeprecations(spec), ...targetRefDeprecations(spec)];
}

/** Versions and ciphers are those of a listener, which all policies of a mesh share. */
function checkConf(conf: JsonObject, isForMesh: boolean, path: string, found: Violations): void {
  const mode = textAt(conf, "mode");
  if (valueAt(conf, "mode") !== undefined && !MODES.some((known) => known === mode)) {
    found.add(member(path, "mode"), quotedChoice("mode", MODES));
  }
  const onlyForMesh = (name: string): void => {
    found.add(member(path, name), `${name} can only be defined with top level targetRef kind: Mesh`);
  };
  const ciphers = listAt(conf, "tlsCiphers") ?? [];
  if (ciphers.length > 0 && !isForMesh) onlyForMesh("tlsCiphers");
  else if (!ciphers.every((cipher) => TLS_CIPHERS.some((known) => known === cipher))) {
    found.add(member(path, "tlsCiphers"), quotedChoice("tlsCiphers", TLS_CIPHERS));
  }
  const version = messageAt(conf, "tlsVersion");
  if (version === undefined) return;
  if (isForMesh) checkTlsVersion(version, member(path, "tlsVersion"), found);
  else onlyForMesh("tlsVersion");
}

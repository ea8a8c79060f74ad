/** All of a sidecar's configuration. */
import { clientOf, type Proxy } from "@isthmus/topology";
import { emptyDraft } from "../draft/draft.ts";
import { type EnvoyConfig, finish } from "../draft/finish.ts";
import { applyFeatures } from "../features/all.ts";
import { SubjectPolicies } from "../features/subject-policies.ts";
import type { Translation } from "../translation.ts";
import { draftZoneListeners } from "../zone-proxy/zone-listeners.ts";
import { draftAdmin } from "./admin.ts";
import { draftDns } from "./dns.ts";
import { draftInbounds } from "./inbounds.ts";
import { draftOutbounds } from "./outbounds.ts";
import { draftPassthrough } from "./passthrough.ts";

/** Of a Dataplane: a sidecar, a delegated gateway, or a zone proxy of its mesh. */
export function translateSidecar(dataplane: Proxy, translation: Translation): EnvoyConfig {
  const isRedirected = translation.traits.transparentProxy !== undefined;
  const proxy = isRedirected ? { ...dataplane, isTransparent: true } : dataplane;
  const draft = emptyDraft();
  const client = clientOf(proxy, translation.world);
  const subject = { kind: "sidecar", proxy, client } as const;
  const policies = new SubjectPolicies(subject, translation);
  draftAdmin(proxy.address, translation.traits, draft);
  draftPassthrough(proxy, translation, draft);
  draftDns(proxy, translation, draft);
  draftInbounds(proxy, translation, draft);
  draftOutbounds(proxy, client, policies, translation, draft);
  draftZoneListeners(proxy, translation, draft);
  applyFeatures(subject, translation, draft, policies);
  return finish(draft);
}

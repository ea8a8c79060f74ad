/**
 * All of a sidecar's configuration: as a whole, or in parts, its own, and one for each outbound, which it shares with all proxies of its class.
 */
import type { Policy } from "@isthmus/policy";
import {
  clientOf,
  type DnsRecord,
  hasInboundAt,
  type Outbound,
  outboundsFor,
  type Proxy,
  type World,
} from "@isthmus/topology";
import { type Draft, emptyDraft } from "../draft/draft.ts";
import { type EnvoyConfig, finish, merged } from "../draft/finish.ts";
import { applyFeatures } from "../features/all.ts";
import { needsClientTags } from "../features/mesh-fault-injection.ts";
import { SubjectPolicies } from "../features/subject-policies.ts";
import type { Translation } from "../translation.ts";
import { draftZoneListeners } from "../zone-proxy/zone-listeners.ts";
import { draftAdmin } from "./admin.ts";
import { dnsRecordsOf, draftDns } from "./dns.ts";
import { draftInbounds } from "./inbounds.ts";
import { type OutboundClass, outboundClassOf } from "./outbound-class.ts";
import { draftOutbounds } from "./outbounds.ts";
import { draftPassthrough } from "./passthrough.ts";
import { redirectionOf } from "./redirection.ts";

/** Of a Dataplane: a sidecar, a delegated gateway, or a zone proxy of its mesh. */
export function translateSidecar(dataplane: Proxy, translation: Translation): EnvoyConfig {
  const proxy = redirected(dataplane, translation);
  const { world } = translation;
  const shared = outboundClassOf(proxy, translation);
  if (shared === undefined) return translateWhole(proxy, translation);
  const own = translateOwn(proxy, translation, namesOf(shared, world));
  const parts = outboundsFor(shared.proxy, world)
    .filter((outbound) => !isOwnInbound(proxy, outbound))
    .map((outbound) => translateOutbound(shared, outbound, translation));
  return merged([own, ...parts]);
}

/** What workloads of the class can ask their proxies for. */
export function namesOf({ proxy, names }: OutboundClass, world: World): readonly DnsRecord[] {
  return names === undefined ? [] : dnsRecordsOf(proxy, names.hasIpv6, world);
}

/** The runner may say that it redirects traffic where the Dataplane does not. */
export function redirected(dataplane: Proxy, { traits }: Pick<Translation, "traits">): Proxy {
  return traits.transparentProxy === undefined ? dataplane : { ...dataplane, isTransparent: true };
}

/** All but the outbounds. `names`: what its workload can ask for by name. */
export function translateOwn(proxy: Proxy, translation: Translation, names: readonly DnsRecord[]): EnvoyConfig {
  const draft = emptyDraft();
  const subject = {
    kind: "sidecar",
    part: "own",
    proxy,
    client: clientOf(proxy, translation.world),
    tellsTags: false,
  } as const;
  const policies = new SubjectPolicies(subject, translation);
  draftOwn(proxy, names, policies, translation, draft);
  applyFeatures(subject, translation, draft, policies);
  return finish(draft);
}

function translateWhole(proxy: Proxy, translation: Translation): EnvoyConfig {
  const { world, traits } = translation;
  const draft = emptyDraft();
  const client = clientOf(proxy, world);
  const tellsTags = needsClientTags(proxy.mesh, translation);
  const subject = { kind: "sidecar", part: "whole", proxy, client, tellsTags } as const;
  const policies = new SubjectPolicies(subject, translation);
  const names = dnsRecordsOf(proxy, redirectionOf(proxy, traits)?.hasIpv6 === true, world);
  draftOwn(proxy, names, policies, translation, draft);
  draftOutbounds(outboundsFor(proxy, world), { ...subject, policies, translation }, draft);
  applyFeatures(subject, translation, draft, policies);
  return finish(draft);
}

function draftOwn(
  proxy: Proxy,
  names: readonly DnsRecord[],
  policies: SubjectPolicies,
  translation: Translation,
  draft: Draft,
): void {
  draftAdmin(proxy.address, translation.traits, draft);
  draftPassthrough(proxy, policies, translation, draft);
  draftDns(proxy, names, translation, draft);
  draftInbounds(proxy, policies, translation, draft);
  draftZoneListeners(proxy, translation, draft);
}

/** One outbound of all proxies of a class, with the clusters that it leads to. */
export function translateOutbound(
  { proxy, client, traits, tls, matched, tellsTags }: OutboundClass,
  outbound: Outbound,
  { world, settings }: Pick<Translation, "world" | "settings">,
): EnvoyConfig {
  const draft = emptyDraft();
  const identities = { of: (mesh: string) => (mesh === proxy.mesh ? tls : undefined) };
  const policiesOfMesh = (): readonly Policy[] => [];
  const translation: Translation = { world, settings, policies: policiesOfMesh, traits, identities };
  const subject = { kind: "sidecar", part: "outbound", proxy, client, tellsTags } as const;
  const policies = new SubjectPolicies(subject, translation, matched);
  draftOutbounds([outbound], { proxy, client, policies, translation }, draft);
  applyFeatures(subject, translation, draft, policies);
  return finish(draft);
}

/** A headless service has the addresses of its instances; an instance is no outbound of itself. */
function isOwnInbound(proxy: Proxy, { address, port }: Pick<Outbound, "address" | "port">): boolean {
  return address !== undefined && port !== undefined && hasInboundAt(proxy, address, port);
}

/**
 * Which SPIFFE ids proxies have by the MeshIdentities of their mesh.
 * Source: kuma v2.14.3: pkg/core/resources/apis/meshidentity/api/v1alpha1/helpers.go.
 */
import {
  ENV_LABEL,
  type Labels,
  labelsOf,
  messageOf,
  NAMESPACE_LABEL,
  objectOf,
  objectsOf,
  parseTemplate,
  type Resource,
  renderTemplate,
  SERVICE_ACCOUNT_LABEL,
  type Template,
  type TemplateData,
  textOf,
  WORKLOAD_LABEL,
  ZONE_LABEL,
} from "@isthmus/resources";
import type { JsonObject } from "@isthmus/std";
import type { Proxy } from "../model/proxy.ts";
import { carriesAll } from "../world/index-keys.ts";
import type { World } from "../world/world.ts";

export interface Identity {
  readonly name: string;
  /** undefined: selects no proxy. Empty: all. */
  readonly selected: Labels | undefined;
  /** `Ready`; or gives ids without being ready to issue certificates. */
  readonly readiness: "ready" | "partial" | "none";
  /** Its trust is managed by the provider. */
  readonly isSpire: boolean;
  /** Undefined: it cannot be parsed. */
  readonly trustDomain: Template | undefined;
  readonly path: { readonly universal: Template | undefined; readonly kubernetes: Template | undefined };
}

const DEFAULT_TRUST_DOMAIN = "{{ .Mesh }}.{{ .Zone }}.mesh.local";
const DEFAULT_PATH = "/workload/{{ .Workload }}";
const DEFAULT_KUBERNETES_PATH = "/ns/{{ .Namespace }}/sa/{{ .ServiceAccount }}";
/** Source: the SPIFFE specification, as go-spiffe checks it. */
const TRUST_DOMAIN = /^[a-z0-9._-]+$/;
const PATH = /^(\/(?!\.{1,2}(\/|$))[a-zA-Z0-9._-]+)*$/;

export function readIdentity(resource: Resource): Identity {
  const { spec, status = {} } = resource;
  const dataplane = messageOf(objectOf(spec, "selector"), "dataplane");
  const spiffeId = objectOf(spec, "spiffeID");
  const universal = templateOf(spiffeId, "path", DEFAULT_PATH);
  return {
    name: resource.name,
    selected: dataplane === undefined ? undefined : labelsOf(dataplane, "matchLabels"),
    readiness: readinessOf(objectsOf(status, "conditions")),
    isSpire: textOf(objectOf(spec, "provider"), "type") === "Spire",
    trustDomain: templateOf(spiffeId, "trustDomain", DEFAULT_TRUST_DOMAIN),
    path: { universal, kubernetes: templateOf(spiffeId, "path", DEFAULT_KUBERNETES_PATH) },
  };
}

export function matchesProxy({ selected }: Identity, proxy: Proxy): boolean {
  return selected !== undefined && carriesAll(proxy.labels, selected);
}

/** The most labels, then the smallest name. */
export function bestIdentity(identities: readonly Identity[], proxy: Proxy): Identity | undefined {
  const size = ({ selected = {} }: Identity): number => Object.keys(selected).length;
  const [best] = identities
    .filter((identity) => matchesProxy(identity, proxy))
    .sort((a, b) => size(b) - size(a) || (a.name < b.name ? -1 : 1));
  return best;
}

/** The SPIFFE id that the proxy's certificate has; undefined: no MeshIdentity gives it one. */
export function spiffeIdOfProxy(proxy: Proxy, world: World): string | undefined {
  const best = bestIdentity(world.all("MeshIdentity", proxy.mesh).map(readIdentity), proxy);
  return best === undefined || best.readiness === "none" ? undefined : spiffeIdOf(best, proxy, world.settings.zone);
}

/** Trust domain of the proxies of a zone, as far as it depends on nothing of the proxy itself. */
export function trustDomainOfZone(identity: Resource, zone: string): string | undefined {
  const { trustDomain } = readIdentity(identity);
  if (trustDomain === undefined) return undefined;
  const home = identity.labels[ZONE_LABEL] || zone;
  const result = renderTemplate(trustDomain, { fields: { Mesh: identity.mesh, Zone: home }, label: () => undefined });
  return result.ok && TRUST_DOMAIN.test(result.value) ? result.value : undefined;
}

/** The MeshIdentity that a proxy's certificate comes from, and the SPIFFE id that it has; undefined: none that is ready gives it one. */
export function workloadIdentityOf(proxy: Proxy, world: World): WorkloadIdentity | undefined {
  const resources = world.all("MeshIdentity", proxy.mesh);
  const best = bestIdentity(resources.map(readIdentity), proxy);
  const resource = resources.find(({ name }) => name === best?.name);
  if (best === undefined || resource === undefined || best.readiness !== "ready") return undefined;
  const spiffeId = spiffeIdOf(best, proxy, world.settings.zone);
  return spiffeId === undefined ? undefined : { resource, spiffeId };
}

export interface WorkloadIdentity {
  readonly resource: Resource;
  readonly spiffeId: string;
}

/** undefined when the template cannot be rendered for the proxy. */
export function trustDomainOf({ trustDomain }: Identity, proxy: Proxy, zone: string): string | undefined {
  return rendered(trustDomain, proxy, { Mesh: proxy.mesh, Zone: proxy.labels[ZONE_LABEL] || zone });
}

/** undefined when the templates cannot be rendered for the proxy or give no SPIFFE id. */
export function spiffeIdOf(identity: Identity, proxy: Proxy, zone: string): string | undefined {
  const trustDomain = trustDomainOf(identity, proxy, zone);
  if (trustDomain === undefined) return undefined;
  const template = proxy.labels[ENV_LABEL] === "kubernetes" ? identity.path.kubernetes : identity.path.universal;
  const path = rendered(template, proxy, {
    TrustDomain: trustDomain,
    Namespace: proxy.labels[NAMESPACE_LABEL] ?? "",
    ServiceAccount: proxy.labels[SERVICE_ACCOUNT_LABEL] ?? "",
    Workload: proxy.labels[WORKLOAD_LABEL] ?? "",
  });
  if (path === undefined || !TRUST_DOMAIN.test(trustDomain) || !PATH.test(path)) return undefined;
  return `spiffe://${trustDomain}${path}`;
}

function readinessOf(conditions: readonly JsonObject[]): Identity["readiness"] {
  const ready = conditions.find(({ type }) => type === "Ready");
  if (ready?.status === "True") return "ready";
  return ready?.status === "False" && ready.reason === "PartiallyReady" ? "partial" : "none";
}

/** An empty template is one; only an absent member stands for the default. */
function templateOf(spiffeId: JsonObject, member: string, byDefault: string): Template | undefined {
  const written = Object.hasOwn(spiffeId, member) ? spiffeId[member] : undefined;
  const template = parseTemplate(typeof written === "string" ? written : byDefault);
  return template.ok ? template.value : undefined;
}

function rendered(
  template: Template | undefined,
  { labels }: Proxy,
  fields: TemplateData["fields"],
): string | undefined {
  if (template === undefined) return undefined;
  const label = (key: string): string | undefined => (Object.hasOwn(labels, key) ? labels[key] : undefined);
  const result = renderTemplate(template, { fields, label });
  return result.ok ? result.value : undefined;
}

/** What policies say about the parts of a configuration, matched once for each type. */
import {
  destinationOf,
  type InboundRule,
  inboundRules,
  legacyDestination,
  type MatchedPolicy,
  type PolicyProxy,
  type ProxySection,
  policiesFor,
  proxyOf,
  selectGateway,
  sortPolicies,
  type ToConf,
  toConf,
} from "@isthmus/policy";
import type { RouteJson } from "@isthmus/proto/envoy/config/route/v3/route_components";
import { builtinTypes, kriOf, kriText, type Resource } from "@isthmus/resources";
import type { JsonObject } from "@isthmus/std";
import type { Exposure } from "@isthmus/topology";
import type { OutboundRole } from "../draft/role.ts";
import type { Translation } from "../translation.ts";
import type { Subject } from "./feature.ts";

const ROUTE_TYPE = "MeshHTTPRoute";
const ROUTE = builtinTypes.find(({ name }) => name === ROUTE_TYPE);
const KRI_PREFIX = "kri_";
const SEGMENTS_BEFORE_SECTION = 6;

export interface InboundPlace {
  readonly address: string;
  readonly port: number;
}

/** Of a Dataplane; the resources ZoneIngress and ZoneEgress are selected by no policy as a whole. */
export class SubjectPolicies {
  readonly #translation: Translation;
  readonly #matched: Map<string, readonly MatchedPolicy[]>;
  readonly #isComplete: boolean;
  #routesByKri: ReadonlyMap<string, Resource> | undefined;
  readonly proxy: PolicyProxy | undefined;

  /** `known`: all that select the subject, where that was found out before. */
  constructor(subject: Subject, translation: Translation, known?: ReadonlyMap<string, readonly MatchedPolicy[]>) {
    this.#translation = translation;
    this.#matched = new Map(known);
    this.#isComplete = known !== undefined;
    this.proxy = subject.kind === "sidecar" ? policyProxyOf(subject, translation) : undefined;
  }

  matched(type: string): readonly MatchedPolicy[] {
    const known = this.#matched.get(type);
    if (known !== undefined) return known;
    const matched = this.#match(type);
    this.#matched.set(type, matched);
    return matched;
  }

  /** Undefined: nobody speaks of the destination. */
  to(type: string, role: OutboundRole): JsonObject | undefined {
    return this.conf(type, role)?.conf;
  }

  /** As `to`, with the items that were merged. */
  conf(type: string, role: OutboundRole): ToConf | undefined {
    const matched = this.matched(type);
    if (matched.length === 0) return undefined;
    const destination = role.kind === "outbound" ? role.destination : legacyDestination(role.ref.mesh, role.ref.name);
    return toConf(destination, matched);
  }

  /** What is said about the MeshHTTPRoute that a route was made of, by its name; undefined: nothing beyond what is said about the mesh. */
  ofRoute(type: string, { name = "" }: RouteJson): JsonObject | undefined {
    const matched = this.matched(type);
    const speaksOfRoutes = matched.some(({ policy }) =>
      policy.to.some(({ targetRef }) => targetRef.kind === ROUTE_TYPE),
    );
    if (!speaksOfRoutes || !name.startsWith(KRI_PREFIX)) return undefined;
    const route = this.#routes().get(withoutSection(name));
    const conf = route === undefined ? undefined : toConf(destinationOf(route), matched);
    return conf === undefined || conf.coverage === "mesh" ? undefined : conf.conf;
  }

  /** About an external service behind an egress. A ZoneEgress is no proxy of a mesh: what is for all of the mesh holds there. */
  toExternal(type: string, { service: ref, port }: Exposure): JsonObject | undefined {
    if (ref.kind === "legacy") return undefined;
    const service = this.#translation.world.service(ref.kind, ref.mesh, ref.name);
    const section = service?.ports.find((each) => each.port === port)?.section;
    if (service === undefined) return undefined;
    const matched = this.proxy === undefined ? this.#ofMesh(type, ref.mesh) : this.matched(type);
    return toConf(destinationOf(service.resource, section), matched)?.conf;
  }

  inbound(type: string, place: InboundPlace, isFromAsRules: boolean): readonly InboundRule[] {
    const section = this.section(place);
    return section === undefined ? [] : inboundRules(this.matched(type), section, { isFromAsRules });
  }

  section({ address, port }: InboundPlace): ProxySection | undefined {
    const { proxy } = this;
    return [...(proxy?.inbounds ?? []), ...(proxy?.listeners ?? [])].find(
      (each) => each.address === address && each.port === port,
    );
  }

  /** MeshHTTPRoutes of the mesh, by KRI. */
  #routes(): ReadonlyMap<string, Resource> {
    this.#routesByKri ??= new Map(
      this.#translation.world
        .all(ROUTE_TYPE, this.proxy?.dataplane.mesh ?? "")
        .map((route) => [ROUTE === undefined ? "" : (kriText(ROUTE, kriOf(route)) ?? ""), route]),
    );
    return this.#routesByKri;
  }

  #ofMesh(type: string, mesh: string): readonly MatchedPolicy[] {
    const policies = this.#translation
      .policies(type, mesh)
      .filter(({ isShadow, targetRef }) => !isShadow && targetRef.kind === "Mesh");
    const selection = { sections: [], gatewayListeners: [], isDelegatedGateway: false };
    return sortPolicies(policies.map((policy) => ({ policy, selection })));
  }

  #match(type: string): readonly MatchedPolicy[] {
    const { proxy } = this;
    if (proxy === undefined || this.#isComplete) return [];
    const { mesh } = proxy.dataplane;
    const policies = this.#translation.policies(type, mesh);
    if (policies.length === 0) return [];
    return policiesFor(proxy, policies, { routes: this.#translation.policies(ROUTE_TYPE, mesh) }).matched;
  }
}

function policyProxyOf({ proxy }: Extract<Subject, { kind: "sidecar" }>, { world }: Translation): PolicyProxy {
  const { resource, mesh, gateway } = proxy;
  return proxyOf(
    resource,
    gateway?.type === "BUILTIN" ? selectGateway(resource, world.all("MeshGateway", mesh)) : undefined,
  );
}

/** A rule of a route is a section of it. */
function withoutSection(kri: string): string {
  return `${kri.split("_").slice(0, SEGMENTS_BEFORE_SECTION).join("_")}_`;
}

/**
 * MeshTrace: which requests are traced, what is said about them, and to whom.
 * Source: kuma v2.14.3: pkg/plugins/policies/meshtrace.
 */
import { type MatchedPolicy, proxyConf } from "@isthmus/policy";
import type { HttpConnectionManager_TracingJson } from "@isthmus/proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager";
import type { CustomTagJson } from "@isthmus/proto/envoy/type/tracing/v3/custom_tag";
import { messageOf, objectOf, objectsOf, textOf } from "@isthmus/resources";
import type { JsonObject } from "@isthmus/std";
import { legacyDestinationName, type Proxy } from "@isthmus/topology";
import { percentOf } from "../build/numbers.ts";
import type { ChainDraft, Draft } from "../draft/draft.ts";
import { identifyingName, UNKNOWN_SERVICE, workloadKri } from "../logs/kuma-values.ts";
import { isUnified } from "../sidecar/inbounds.ts";
import { otelBackendOf } from "../telemetry/otel-backend.ts";
import { type TraceBackend, type TracedHop, traceBackendOf } from "../telemetry/trace-backend.ts";
import type { Feature, FeatureContext } from "./feature.ts";

const TYPE = "MeshTrace";

interface Hop extends TracedHop {
  /** Of the inbound or listener; undefined: traffic that leaves. */
  readonly section: string | undefined;
}

export const meshTrace: Feature = (draft, context) => {
  const { subject, policies } = context;
  const matched = policies.matched(TYPE);
  if (subject.kind !== "sidecar" || matched.length === 0) return;
  const tracers = new Tracers(subject.proxy, matched, context, draft);
  for (const listener of draft.listeners) {
    for (const chain of listener.chains) {
      const hop = hopOf(chain, subject.proxy, context);
      if (hop !== undefined && chain.end.kind === "http") tracers.apply(chain.end.manager, hop);
    }
  }
};

/** Undefined: not traced, as what goes to a MeshExternalService. */
function hopOf({ role }: ChainDraft, proxy: Proxy, { policies }: FeatureContext): Hop | undefined {
  const service = serviceOf(proxy);
  switch (role.kind) {
    case "inbound": {
      const { inbound } = role;
      const section = policies.section({ address: inbound.listenAddress, port: inbound.port })?.sectionName ?? "";
      return { service, direction: "INBOUND", destination: "", section };
    }
    case "legacyOutbound":
      return { service, direction: "OUTBOUND", destination: role.ref.name, section: undefined };
    case "outbound": {
      if (role.service.kind === "MeshExternalService") return undefined;
      const destination = legacyDestinationName(role.service, role.port);
      return { service, direction: "OUTBOUND", destination, section: undefined };
    }
    case "zoneIngress":
    case "zoneEgress":
      if (role.listener === undefined) return undefined;
      return { service, direction: "UNSPECIFIED", destination: "", section: role.listener.section };
    default:
      return undefined;
  }
}

function serviceOf(proxy: Proxy): string {
  const name = identifyingName(proxy);
  return name === UNKNOWN_SERVICE && proxy.inbounds.length === 0 && proxy.listeners.length > 0 ? proxy.name : name;
}

/** What is said of a place, and the backend that it needs; each made once. */
class Tracers {
  readonly #proxy: Proxy;
  readonly #matched: readonly MatchedPolicy[];
  readonly #context: FeatureContext;
  readonly #draft: Draft;
  readonly #made = new Map<string, TraceBackend | undefined>();
  readonly #whole: JsonObject;

  constructor(proxy: Proxy, matched: readonly MatchedPolicy[], context: FeatureContext, draft: Draft) {
    this.#proxy = proxy;
    this.#matched = matched;
    this.#context = context;
    this.#draft = draft;
    this.#whole = proxyConf(matched)?.conf ?? {};
    this.#backendOf(this.#whole);
  }

  apply(manager: { tracing?: HttpConnectionManager_TracingJson }, hop: Hop): void {
    const conf = hop.section === undefined ? this.#whole : this.#confOf(hop.section);
    const backend = this.#backendOf(conf);
    if (backend === undefined) return;
    manager.tracing = {
      spawnUpstreamSpan: false,
      ...samplingOf(objectOf(conf, "sampling")),
      customTags: [...tagsOf(conf, this.#proxy)],
      provider: backend.tracerFor(hop),
    };
  }

  /** Without the policies that are for another inbound or listener alone. */
  #confOf(section: string): JsonObject {
    const others = this.#matched.filter(({ policy: { targetRef } }) => {
      const isOfSection = targetRef.kind === "Dataplane" && targetRef.sectionName !== "";
      return !isOfSection || targetRef.sectionName === section;
    });
    return others.length === this.#matched.length ? this.#whole : (proxyConf(others)?.conf ?? {});
  }

  #backendOf(conf: JsonObject): TraceBackend | undefined {
    const key = JSON.stringify(objectsOf(conf, "backends")[0] ?? null);
    if (this.#made.has(key)) return this.#made.get(key);
    const made = this.#make(conf);
    this.#made.set(key, made);
    return made;
  }

  #make(conf: JsonObject): TraceBackend | undefined {
    const { translation, telemetry } = this.#context;
    const backend = traceBackendOf(conf, {
      isUnifiedNaming: isUnified(this.#proxy, translation),
      isIpv6: this.#proxy.address.includes(":"),
      traits: translation.traits,
      resolve: (openTelemetry) => otelBackendOf(openTelemetry, this.#proxy.mesh, translation.world),
      pipe: (resolved) => telemetry.add(resolved, "traces"),
    });
    if (typeof backend !== "object") {
      if (backend !== undefined) this.#draft.problems.push(backend);
      return undefined;
    }
    if (!this.#draft.clusters.some(({ name }) => name === backend.cluster.name)) {
      this.#draft.clusters.push(backend.cluster);
    }
    return backend;
  }
}

type Sampling = Pick<HttpConnectionManager_TracingJson, "overallSampling" | "clientSampling" | "randomSampling">;

function samplingOf(sampling: JsonObject): Sampling {
  const share = (member: string, name: keyof Sampling): Sampling => {
    const value = percentOf(sampling, member);
    return value === undefined ? {} : { [name]: { value } };
  };
  return {
    ...share("overall", "overallSampling"),
    ...share("client", "clientSampling"),
    ...share("random", "randomSampling"),
  };
}

/** A tag of the policy goes before what is known of the proxy. */
function tagsOf(conf: JsonObject, proxy: Proxy): readonly CustomTagJson[] {
  const written = objectsOf(conf, "tags").map(tagOf);
  const known = [
    ["kuma.mesh", proxy.mesh],
    ["kuma.zone", proxy.zone],
    ["kuma.workload", workloadKri(proxy)],
  ] as const;
  const others = known.filter(([tag, value]) => value !== "" && !written.some((each) => each.tag === tag));
  return [...written, ...others.map(([tag, value]): CustomTagJson => ({ tag, literal: { value } }))];
}

function tagOf(conf: JsonObject): CustomTagJson {
  const tag = textOf(conf, "name");
  const header = messageOf(conf, "header");
  if (header === undefined) return { tag, literal: { value: textOf(conf, "literal") } };
  const defaultValue = textOf(header, "default");
  return {
    tag,
    requestHeader: { name: textOf(header, "name"), ...(defaultValue === "" ? {} : { defaultValue }) },
  };
}

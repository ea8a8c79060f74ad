/**
 * MeshTrace: which requests are traced, what is said about them, and to whom.
 * Source: kuma v2.14.3: pkg/plugins/policies/meshtrace.
 */
import { proxyConf } from "@isthmus/policy";
import type { HttpConnectionManager_TracingJson } from "@isthmus/proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager";
import type { CustomTagJson } from "@isthmus/proto/envoy/type/tracing/v3/custom_tag";
import { messageOf, objectOf, objectsOf, textOf } from "@isthmus/resources";
import type { JsonObject } from "@isthmus/std";
import { legacyDestinationName, type Proxy } from "@isthmus/topology";
import { percentOf } from "../build/numbers.ts";
import type { Draft } from "../draft/draft.ts";
import type { Role } from "../draft/role.ts";
import { identifyingName, UNKNOWN_SERVICE, workloadKri } from "../logs/kuma-values.ts";
import { isUnified } from "../sidecar/inbounds.ts";
import { otelBackendOf } from "../telemetry/otel-backend.ts";
import { type TraceBackend, type TracedHop, traceBackendOf } from "../telemetry/trace-backend.ts";
import type { Feature, FeatureContext } from "./feature.ts";

const TYPE = "MeshTrace";

export const meshTrace: Feature = (draft, context) => {
  const { subject, policies } = context;
  const conf = proxyConf(policies.matched(TYPE))?.conf;
  if (subject.kind !== "sidecar" || conf === undefined) return;
  const { proxy } = subject;
  const backend = backendOf(conf, proxy, context, draft);
  if (backend === undefined) return;
  for (const { chains } of draft.listeners) {
    for (const { role, end } of chains) {
      const hop = hopOf(role, proxy);
      if (hop === undefined || end.kind !== "http") continue;
      end.manager.tracing = {
        spawnUpstreamSpan: false,
        ...samplingOf(objectOf(conf, "sampling")),
        customTags: [...tagsOf(conf, proxy)],
        provider: backend.tracerFor(hop),
      };
    }
  }
};

/** With its cluster in the draft. Undefined: none is wanted, or there can be none. */
function backendOf(
  conf: JsonObject,
  proxy: Proxy,
  { translation, telemetry }: FeatureContext,
  draft: Draft,
): TraceBackend | undefined {
  const backend = traceBackendOf(conf, {
    isUnifiedNaming: isUnified(proxy, translation),
    isIpv6: proxy.address.includes(":"),
    traits: translation.traits,
    resolve: (openTelemetry) => otelBackendOf(openTelemetry, proxy.mesh, translation.world),
    pipe: (resolved) => telemetry.add(resolved, "traces"),
  });
  if (typeof backend === "string") {
    draft.problems.push(backend);
    return undefined;
  }
  if (backend !== undefined) draft.clusters.push(backend.cluster);
  return backend;
}

/** Undefined: not traced, as what goes to a MeshExternalService. */
function hopOf(role: Role, proxy: Proxy): TracedHop | undefined {
  const service = serviceOf(proxy);
  switch (role.kind) {
    case "inbound":
      return { service, direction: "INBOUND", destination: "" };
    case "legacyOutbound":
      return { service, direction: "OUTBOUND", destination: role.ref.name };
    case "outbound":
      if (role.service.kind === "MeshExternalService") return undefined;
      return { service, direction: "OUTBOUND", destination: legacyDestinationName(role.service, role.port) };
    case "zoneIngress":
    case "zoneEgress":
      return role.listener === undefined ? undefined : { service, direction: "UNSPECIFIED", destination: "" };
    default:
      return undefined;
  }
}

function serviceOf(proxy: Proxy): string {
  const name = identifyingName(proxy);
  return name === UNKNOWN_SERVICE && proxy.inbounds.length === 0 && proxy.listeners.length > 0 ? proxy.name : name;
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

/** Resources that insights are counted from. */
import type { JsonObject } from "@isthmus/std";
import type { ResourceDraft } from "@isthmus/store";

export interface ProxySample {
  readonly mesh?: string;
  readonly inbounds?: readonly {
    readonly service?: string;
    readonly zone?: string;
    readonly state?: string;
    readonly ready?: boolean;
  }[];
  readonly gateway?: { readonly type?: "BUILTIN"; readonly service?: string; readonly zone?: string };
  readonly listeners?: readonly { readonly state?: string }[];
}

export interface InsightSample {
  readonly mesh?: string;
  /** Open or closed, oldest first. */
  readonly subscriptions?: readonly ("open" | "closed")[];
  readonly kumaDp?: string;
  readonly envoy?: string;
  readonly issued?: string;
  readonly supported?: readonly string[];
  readonly responses?: number;
}

const TIME = "2026-01-01T00:00:00Z";

export function mesh(name = "default", mode?: string): ResourceDraft {
  return { type: "Mesh", mesh: "", name, labels: {}, spec: mode === undefined ? {} : { meshServices: { mode } } };
}

/** Without inbounds, gateway and listeners: one inbound of service `web`. */
export function dataplane(name: string, sample: ProxySample = {}): ResourceDraft {
  const { mesh: of = "default", gateway, listeners } = sample;
  const inbounds = sample.inbounds ?? (gateway === undefined && listeners === undefined ? [{ service: "web" }] : []);
  const networking: JsonObject = {
    address: "10.0.0.1",
    ...(gateway === undefined
      ? {}
      : { gateway: { ...tagsOf(gateway), ...(gateway.type === undefined ? {} : { type: gateway.type }) } }),
    ...(inbounds.length === 0 ? {} : { inbound: inbounds.map(inbound) }),
    ...(listeners === undefined
      ? {}
      : {
          listeners: listeners.map(({ state }) => ({
            type: "ZoneIngress",
            port: 1,
            ...(state === undefined ? {} : { state }),
          })),
        }),
  };
  return { type: "Dataplane", mesh: of, name, labels: {}, spec: { networking } };
}

/** Left out: one open subscription of the usual versions, no certificate. */
export function insight(name: string, sample: InsightSample = {}): ResourceDraft {
  const {
    mesh: of = "default",
    subscriptions = ["open"],
    kumaDp = "2.14.3",
    envoy = "1.40.0",
    issued,
    supported,
  } = sample;
  const all = subscriptions.map((state, index) => ({
    id: `id-${index}`,
    connectTime: TIME,
    ...(state === "closed" ? { disconnectTime: TIME } : {}),
    status: { total: { responsesSent: String(sample.responses ?? 1) } },
    version: {
      kumaDp: kumaDp === "" ? {} : { version: kumaDp },
      envoy: envoy === "" ? {} : { version: envoy },
    },
  }));
  const mTLS = {
    ...(issued === undefined || issued === "" ? {} : { issuedBackend: issued }),
    ...(supported === undefined || supported.length === 0 ? {} : { supportedBackends: [...supported] }),
  };
  return {
    type: "DataplaneInsight",
    mesh: of,
    name,
    labels: {},
    spec: {
      ...(all.length === 0 ? {} : { subscriptions: all }),
      ...(issued === undefined ? {} : { mTLS }),
    },
  };
}

export function external(name: string, service: string, address: string, zone?: string): ResourceDraft {
  const tags = { "kuma.io/service": service, ...(zone === undefined ? {} : { "kuma.io/zone": zone }) };
  return { type: "ExternalService", mesh: "default", name, labels: {}, spec: { networking: { address }, tags } };
}

export function policy(type: string, name: string, of = "default"): ResourceDraft {
  return { type, mesh: of, name, labels: {}, spec: {} };
}

function inbound(sample: NonNullable<ProxySample["inbounds"]>[number]): JsonObject {
  const { state, ready } = sample;
  return {
    port: 80,
    ...tagsOf(sample),
    ...(ready === undefined ? {} : { health: ready ? { ready } : {} }),
    ...(state === undefined ? {} : { state }),
  };
}

function tagsOf({ service, zone }: { readonly service?: string; readonly zone?: string }): JsonObject {
  if (service === undefined) return {};
  return { tags: { "kuma.io/service": service, ...(zone === undefined ? {} : { "kuma.io/zone": zone }) } };
}

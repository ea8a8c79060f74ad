/**
 * Documents that Envoy hands to the runner beside it, which asks again and again over a socket: for what does not concern Envoy itself.
 * Source: kuma v2.14.3: pkg/xds/dynconf/listener.go.
 */
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import type { RouteJson } from "@isthmus/proto/envoy/config/route/v3/route_components";
import { DYNAMIC_CONFIG_NAME, nameIn } from "@isthmus/topology";
import { addressOf } from "../build/addresses.ts";
import { httpChain, LOOPBACK_CIDRS, usableCidrs } from "../build/chains.ts";
import type { Draft, ListenerDraft } from "../draft/draft.ts";
import type { ProxyTraits } from "../proxy-traits.ts";
import { dynamicConfigSocket } from "../sockets.ts";

export interface Document {
  /** Absolute path that it is asked for by, of one segment. */
  readonly path: string;
  /** JSON text. */
  readonly body: string;
}

/** Makes the listener with the first document. A document that the runner has already is answered with 304. */
export function addDocument(
  { path, body }: Document,
  isUnifiedNaming: boolean,
  traits: ProxyTraits,
  draft: Draft,
): void {
  const listenerName = nameIn(isUnifiedNaming, DYNAMIC_CONFIG_NAME);
  const listener = draft.listeners.find(({ name }) => name === listenerName);
  const end = (listener ?? addListener(listenerName, isUnifiedNaming, traits, draft)).chains[0]?.end;
  if (end?.kind !== "http") return;
  const { routes } = end;
  routes.virtualHosts?.[0]?.routes?.push(...routesOf({ path, body }, listenerName, isUnifiedNaming));
  routes.maxDirectResponseBodySizeBytes = Math.max(routes.maxDirectResponseBodySizeBytes ?? 0, Buffer.byteLength(body));
}

function addListener(name: string, isUnifiedNaming: boolean, traits: ProxyTraits, draft: Draft): ListenerDraft {
  const role = { kind: "system", origin: "dynamic-config" } as const;
  const listener: ListenerDraft = {
    name,
    role,
    json: {
      address: addressOf({ kind: "pipe", path: dynamicConfigSocket(traits.workDir) }),
      ...(isUnifiedNaming ? { statPrefix: name } : {}),
    },
    chains: [
      httpChain(role, {
        stat: name,
        internalCidrs: usableCidrs(LOOPBACK_CIDRS, traits.supportsIpv6),
        routes: { virtualHosts: [{ name, domains: ["*"], routes: [] }] },
      }),
    ],
  };
  draft.listeners.push(listener);
  return listener;
}

function routesOf({ path, body }: Document, listener: string, isUnifiedNaming: boolean): readonly RouteJson[] {
  const etag = createHash("sha256").update(body).digest("hex");
  const unified = `${listener}_${path.slice(1)}`;
  return [
    {
      ...(isUnifiedNaming ? { name: `${unified}_not_modified` } : {}),
      match: { path, headers: [{ name: "If-None-Match", stringMatch: { exact: etag } }] },
      directResponse: { status: 304 },
    },
    {
      name: isUnifiedNaming ? unified : `${listener}:${path}`,
      match: { path },
      responseHeadersToAdd: [{ header: { key: "Etag", value: etag } }],
      directResponse: { status: 200, body: { inlineString: body } },
    },
  ];
}

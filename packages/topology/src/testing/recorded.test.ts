/**
 * Endpoint sets against those of Kuma 2.14.3: the stores of two zones that were running, and what its control planes had sent to
 * the Envoys of their sidecars, ingresses and egresses (profile A: mesh mTLS, zone proxies of their own; profile B: MeshIdentity,
 * listeners of Dataplanes, MeshZoneAddress, unified names).
 */
import { readFileSync } from "node:fs";
import { builtinTypes, parseResource, Registry, type Resource, textOf } from "@isthmus/resources";
import { isJsonObject, parseJson } from "@isthmus/std";
import { describe, expect, it } from "vitest";
import type { Endpoint } from "../endpoints/endpoint-set.ts";
import type { Exposures } from "../endpoints/exposure.ts";
import { sidecarEndpoints } from "../endpoints/sidecar.ts";
import { egressListenerExposures, zoneEgressExposures } from "../endpoints/zone-egress.ts";
import { ingressListenerExposures, zoneIngressExposures } from "../endpoints/zone-ingress.ts";
import { SERVICE_TAG } from "../model/tags.ts";
import { destinationName } from "../names/destination-name.ts";
import { snapshotWorld } from "../world/snapshot-world.ts";
import type { World } from "../world/world.ts";

interface RecordedEndpoint {
  readonly address: string;
  readonly port: number;
  readonly weight: number;
  readonly priority: number;
  readonly zone: string;
  readonly subZone: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
}

interface RecordedProxy {
  /** Endpoint assignments of a sidecar by name of the cluster. */
  readonly sets?: Readonly<Record<string, readonly RecordedEndpoint[]>>;
  /** Filter chains of a zone proxy by server name. */
  readonly chains?: Readonly<Record<string, { readonly endpoints: readonly RecordedEndpoint[] }>>;
}

const registry = new Registry(builtinTypes);

describe.each([
  ["profile-a", "west"],
  ["profile-a", "east"],
  ["profile-b", "west"],
  ["profile-b", "east"],
])("%s, zone %s", (profile, zone) => {
  const folder = new URL(`../../testdata/recorded/${profile}-${zone}/`, import.meta.url).pathname;
  const resources = readFileSync(`${folder}resources.jsonl`, "utf8").trimEnd().split("\n").map(parse);
  const world = snapshotWorld(resources, { zone, remoteWeights: "kuma", systemNamespace: "" });
  const recorded = JSON.parse(readFileSync(`${folder}expected.json`, "utf8")) as Record<string, RecordedProxy>;

  it.each(Object.keys(recorded))("%s", (name) => {
    const { sets, chains } = recorded[name] ?? {};
    if (sets !== undefined) expect(sidecarSets(name, world)).toEqual(sets);
    if (chains !== undefined) expect(chainsOf(name, world)).toEqual(withAuthorsPriorities(chains, profile));
  });
});

function parse(line: string): Resource {
  const document = parseJson(line);
  const type = document.ok && isJsonObject(document.value) ? textOf(document.value, "type") : "";
  const descriptor = registry.get(type);
  if (descriptor === undefined) throw new Error(`unknown type ${type}`);
  const parsed = parseResource(descriptor, line, { isFromServer: true });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  return parsed.value;
}

function proxyNamed(name: string, world: World) {
  const proxy = world.meshes().flatMap((mesh) => world.proxy(mesh.name, name) ?? [])[0];
  if (proxy === undefined) throw new Error(`no Dataplane ${name}`);
  return proxy;
}

function sidecarSets(name: string, world: World): Readonly<Record<string, readonly RecordedEndpoint[]>> {
  const proxy = proxyNamed(name, world);
  return Object.fromEntries(
    sidecarEndpoints(proxy, world).map(({ outbound, set }) => {
      const { service: ref } = outbound;
      const service = ref.kind === "legacy" ? undefined : world.service(ref.kind, ref.mesh, ref.name);
      const port = service?.ports.find((each) => each.port === outbound.servicePort);
      if (service === undefined || port === undefined) throw new Error(`no service ${ref.name}`);
      return [destinationName(service, port, proxy.mesh === "idm"), set.endpoints.map(asRecorded)];
    }),
  );
}

function chainsOf(name: string, world: World) {
  const ingress = world.zoneIngresses().find((each) => each.name === name);
  if (ingress !== undefined) return byName(zoneIngressExposures(ingress, world));
  if (world.zoneEgresses().some((each) => each.name === name)) return byName(zoneEgressExposures(world));
  const proxy = proxyNamed(name, world);
  return { ...byName(ingressListenerExposures(proxy, world)), ...byName(egressListenerExposures(proxy, world)) };
}

function byName({ exposures }: Exposures) {
  return Object.fromEntries(exposures.map(({ sni, set }) => [sni, { endpoints: set.endpoints.map(asRecorded) }]));
}

/** As Envoy shows it: the service is not among the tags, what is empty or zero reads as such. */
function asRecorded({ address, port, weight, priority, locality, tags, labels }: Endpoint): RecordedEndpoint {
  const { [SERVICE_TAG]: _service, ...others } = tags;
  return {
    address,
    port,
    weight,
    priority,
    zone: locality?.zone ?? "",
    subZone: locality?.subZone ?? "",
    tags: others,
    labels,
  };
}

/** The one difference: a listener for egress keeps the priorities that the author gave, where Kuma writes 1 over them. */
function withAuthorsPriorities(chains: NonNullable<RecordedProxy["chains"]>, profile: string) {
  return Object.fromEntries(
    Object.entries(chains).map(([sni, { endpoints }]) => {
      const isOverwritten = profile === "profile-b" && sni.startsWith("sni.extsvc.");
      if (isOverwritten)
        expect(endpoints.map(({ priority, subZone }) => [priority, subZone])).toEqual([[1, "priority-0"]]);
      return [sni, { endpoints: isOverwritten ? endpoints.map((each) => ({ ...each, priority: 0 })) : endpoints }];
    }),
  );
}

/** Host names that services get without anybody's doing. Source: kuma v2.14.3: pkg/defaults/hostname_generator.go. */
import type { Labels } from "@isthmus/resources";
import type { JsonObject } from "@isthmus/std";
import type { ResourceDraft } from "@isthmus/store";

const SYNCED = { "kuma.io/origin": "global" };
const LOCAL = { "kuma.io/origin": "zone" };
const kubernetes = (isHeadless: boolean): Labels => ({
  "k8s.kuma.io/is-headless-service": String(isHeadless),
  "kuma.io/env": "kubernetes",
  ...SYNCED,
});

/** Of services that come from zones, as the zones see them. */
export const globalHostnameGenerators: readonly ResourceDraft[] = [
  generator("synced-mesh-multi-zone-service", "meshMultiZoneService", SYNCED, "{{ .DisplayName }}.mzsvc.mesh.local"),
  generator(
    "synced-kube-mesh-service",
    "meshService",
    kubernetes(false),
    "{{ .DisplayName }}.{{ .Namespace }}.svc.{{ .Zone }}.mesh.local",
  ),
  generator(
    "synced-headless-kube-mesh-service",
    "meshService",
    kubernetes(true),
    '{{ label "statefulset.kubernetes.io/pod-name" }}.{{ label "k8s.kuma.io/service-name" }}.{{ .Namespace }}.svc.{{ .Zone }}.mesh.local',
  ),
  generator(
    "synced-universal-mesh-service",
    "meshService",
    { "kuma.io/env": "universal", ...SYNCED },
    "{{ .DisplayName }}.svc.{{ .Zone }}.mesh.local",
  ),
  generator("synced-mesh-external-service", "meshExternalService", SYNCED, "{{ .DisplayName }}.extsvc.mesh.local"),
];

/** Of the zone's own services. They carry the origin, because otherwise a federated zone could not change them. */
export const zoneHostnameGenerators: readonly ResourceDraft[] = [
  generator("local-mesh-external-service", "meshExternalService", LOCAL, "{{ .DisplayName }}.extsvc.mesh.local", LOCAL),
  generator("local-universal-mesh-service", "meshService", LOCAL, "{{ .DisplayName }}.svc.mesh.local", LOCAL),
];

function generator(
  name: string,
  selected: string,
  matchLabels: Labels,
  template: string,
  labels: Labels = {},
): ResourceDraft {
  const spec: JsonObject = { selector: { [selected]: { matchLabels } }, template };
  return { type: "HostnameGenerator", mesh: "", name, labels, spec };
}
